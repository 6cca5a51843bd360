"""While a task works, nobody purges or publishes under it; decisions wait for tasks."""

from types import SimpleNamespace

import pytest

from tests.dags.pod_world import RUN, SHARD, make_operator, prepare, task_context
from trainer.config.settings import Settings
from trainer.errors import RetryLater
from trainer.exclusions.purge import purge
from trainer.staging.lock import Busy, build_lock, task_lock
from trainer.staging.paths import DataDir


@pytest.fixture
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return DataDir(Settings.load().data_dir)


def _operators():
    from trainer_airflow.docker import EmbedDockerOperator
    from trainer_airflow.operators import CrawlOperator, StepOperator

    return [
        StepOperator(task_id="resolve", step="resolve"),
        CrawlOperator(task_id="crawl", step="crawl", key_name="stashdb"),
        EmbedDockerOperator(task_id="embed", image="embedder:test", key_name=SHARD),
    ]


def _context():
    return {"run_id": RUN, "params": {}, "ti": SimpleNamespace(try_number=3, max_tries=2)}


@pytest.mark.parametrize("which", range(3))
def test_a_step_holds_the_lock_beside_others_while_it_works(data, monkeypatch, which):
    met = []

    def work(*_given, **_named):
        with task_lock(data.lock, 0):  # another task
            pass
        with pytest.raises(Busy):
            purge(data)
        met.append(True)
        return {}

    monkeypatch.setattr("trainer.pipeline.run.run_step", work)
    _operators()[which].execute(_context())
    assert met
    purge(data)


def test_a_pod_holds_it_too(tmp_path, monkeypatch):
    root = prepare(tmp_path, monkeypatch)
    operator = make_operator()

    def work(_settings, _context):
        with pytest.raises(Busy):
            purge(DataDir(root))
        return {"met": True}

    monkeypatch.setattr(operator, "_embed", work)
    assert operator.execute(task_context(operator)) == {"met": True}
    purge(DataDir(root))


def test_a_step_waits_for_who_works_alone(data, monkeypatch):
    monkeypatch.setattr("trainer.staging.lock.PATIENCE", 0.0)
    with build_lock(data.lock), pytest.raises(RetryLater):
        _operators()[0].execute(_context())


def test_a_decision_that_meets_a_task_is_tried_again(data, monkeypatch):
    import decide_release

    def approve(_settings, _run):
        with build_lock(data.lock):
            return "approved"

    monkeypatch.setattr("trainer.pipeline.approve.approve_run", approve)
    task = decide_release.dag.get_task("apply")
    answer = {"chosen_options": ["Approve"]}
    ti = SimpleNamespace(xcom_pull=lambda task_ids: answer)
    context = {"ti": ti, "params": {"run_id": RUN}}
    with task_lock(data.lock), pytest.raises(RetryLater) as again:
        task.execute(context)
    assert again.value.retry_after == 1800
    assert task.retries == 24
    assert task.execute(context) == "approved"
