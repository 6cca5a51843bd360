"""The DAG's shape: tasks and edges of the pipeline, parameters of the model, light to parse."""

import json
import subprocess
import sys

import pendulum
import pytest
from pydantic import ValidationError

from tests.dags.conftest import ROOT
from tests.dags.dag_program import run_beside_dags
from trainer.config.params import BuildParams
from trainer.config.pipeline import STEPS
from trainer.config.sources import shipped_sources

HEAVY = (
    "polars",
    "pyarrow",
    "voyager",
    "scrapy",
    "docker",
    "kubernetes",
    "pandas",
    "onnxruntime",
    "twisted",
)


def test_tasks_and_edges_are_the_pipelines_steps(build_dag):
    more = {"ask_for_approval", "announce_release", "go_on_fetching"}
    assert set(build_dag.task_ids) == {step.name for step in STEPS} | more
    for step in STEPS:
        besides = more if step.name == "report" else set()
        assert build_dag.get_task(step.name).upstream_task_ids == set(step.after) | besides


def test_mapped_steps_have_names_pools_and_expand_over_the_step_before(build_dag):
    for step in STEPS:
        task = build_dag.get_task(step.name)
        assert task.is_mapped == (step.map_over is not None)
        assert task.pool == (step.pool or "default_pool")
        if step.map_over:
            assert task.map_index_template == "{{ task.key_name }}"
            assert task.expand_input.value["key_name"].operator.task_id == step.after[0]


def test_one_leaf_that_always_runs_decides_the_runs_state(build_dag):
    assert [task.task_id for task in build_dag.leaves] == ["report"]
    assert build_dag.get_task("report").trigger_rule == "all_done"
    others = {build_dag.get_task(s.name).trigger_rule for s in STEPS if s.name != "report"}
    assert others == {"none_failed"}


def test_weekly_one_at_a_time_without_catching_up(build_dag):
    assert build_dag.schedule.expression == "0 0 * * 0"
    assert build_dag.start_date is None  # else a first build starts unasked when it is switched on
    assert build_dag.catchup is False
    assert build_dag.max_active_runs == 1


def test_params_are_the_models_fields_with_their_defaults_and_descriptions(build_dag):
    assert list(build_dag.params) == list(BuildParams.model_fields)
    for name, field in BuildParams.model_fields.items():
        param = build_dag.params.get_param(name)
        assert param.value == getattr(BuildParams(), name)
        assert param.description == field.description


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("sources", ["unlisted"]),
        ("sources", "stashdb"),
        ("enable_faces", "yes"),
        ("max_faces_per_source", 0),
        ("max_faces_total", 201),
        ("reference_mode", "face"),
        ("min_faces", 1.5),
        ("scene_queries", 10_001),
        ("publish", None),
    ],
)
def test_airflow_and_the_model_refuse_the_same_values(build_dag, name, bad):
    from airflow.sdk.exceptions import ParamValidationError

    with pytest.raises(ParamValidationError):
        build_dag.params.get_param(name).resolve(bad)
    if name != "sources" or isinstance(bad, str):
        with pytest.raises(ValidationError):
            BuildParams.model_validate({name: bad})


def test_the_sources_are_a_multi_select_of_the_configured_ones(build_dag):
    schema = build_dag.params.get_param("sources").schema
    assert schema["type"] == "array"
    assert schema["examples"] == sorted(shipped_sources()) == schema["items"]["enum"]


def _modules_after(statement, environment):
    code = f"{statement}\nimport sys, json; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    return {name.partition(".")[0] for name in json.loads(done.stdout.splitlines()[-1])}


def test_parsing_the_dag_loads_nothing_heavy(airflow_environment):
    alone = _modules_after("import airflow.sdk", airflow_environment)
    file = str(ROOT / "dags" / "build_performer_database.py")
    parsed = _modules_after(f"import runpy; runpy.run_path({file!r})", airflow_environment)
    assert "trainer" in parsed
    assert not (set(HEAVY) & parsed) - alone


def test_with_docker_chosen_the_shards_run_in_containers(airflow_environment):
    code = (
        "import build_performer_database as b; t = b.dag.get_task('embed');"
        "print(t.operator_class.__name__, t.partial_kwargs['image'])"
    )
    chosen = {"TRAINER_EMBEDDER": "docker", "TRAINER_EMBEDDER_IMAGE": "embedder:test"}
    said = run_beside_dags(code, airflow_environment, **chosen)
    assert said.split() == ["EmbedDockerOperator", "embedder:test"]


def test_every_file_in_dags_is_parsed_and_serialized_without_an_error():
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(ROOT / "dags", safe_mode=False)
    assert bag.import_errors == {}
    names = ["back_up_state", "build_performer_database", "decide_release", "keep_house"]
    assert sorted(bag.dags) == names
    for dag in bag.dags.values():
        assert json.dumps(DagSerialization.to_dict(dag))


@pytest.mark.parametrize("moment", ["2026-11-29T00:00:01", "2026-11-29T01:00", "2026-12-02T12:00"])
def test_switching_it_on_starts_no_build_not_even_on_a_sunday(build_dag, monkeypatch, moment):
    """Airflow's own default would run the last Sunday's build until 16:48 of that Sunday."""
    from airflow.timetables import trigger
    from airflow.timetables.base import TimeRestriction

    now = pendulum.parse(moment, tz="UTC")
    monkeypatch.setattr(trigger, "utcnow", lambda: now)
    schedule = build_dag.schedule
    timetable = trigger.CronTriggerTimetable(
        schedule.expression, timezone="UTC", run_immediately=schedule.run_immediately
    )
    info = timetable.next_dagrun_info(
        last_automated_data_interval=None,
        restriction=TimeRestriction(earliest=None, latest=None, catchup=False),
    )
    assert info is not None
    assert info.run_after > now
