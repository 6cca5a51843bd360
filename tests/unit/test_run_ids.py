"""Run ids and other texts that become names: no two share a directory, a file or a container."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapy_project.limits.budget import Budget, host_key
from scrapy_project.limits.budget_files import BudgetFiles, budget_file
from trainer.config.jobs import EmbedJob
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.embedding.spec import container_spec
from trainer.runs.context import Plan, RunContext
from trainer.runs.ids import run_id_to_plan
from trainer.runs.record import RunRecord, write_record
from trainer.staging.atomic import write_json
from trainer.staging.names import LONGEST_RUN_ID, older_run_id, run_id_from, with_hash
from trainer.staging.paths import DataDir

AIRFLOWS = "manual__2026-11-28T17:11:11.100768+00:00"
LEGAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,119}")
ALIKE = ["a:b", "a+b", "a b", "a-b", "a/b", "a::b", "a-b.", ".a-b", "a-b-", "ä-b", "-a-b", "a\n-b"]
LONG = ["x" * 121, "x" * 122, "x" * 120 + "y", "x" * 500]
NOTHING = ["::", "///", "..", ".", "-", "_", "名前"]


def test_safe_ids_stay_as_they_are():
    for text in ("a-b", "build_20261128_171111", "r1", "x" * 120, "A.b_c-d"):
        assert run_id_from(text) == text


def test_airflows_id_stays_readable():
    assert re.fullmatch(
        r"manual__2026-11-28T17-11-11\.100768-00-00-[0-9a-f]{8}", run_id_from(AIRFLOWS)
    )


def test_ids_that_differ_in_signs_or_at_their_end_differ():
    names = {text: run_id_from(text) for text in (*ALIKE, *LONG, *NOTHING)}
    assert len(set(names.values())) == len(names)
    assert len({name.lower() for name in names.values()}) == len(names)
    assert all(LEGAL.fullmatch(name) for name in names.values()), names


@given(st.text(), st.text())
def test_any_text_has_a_name_of_its_own(one, other):
    for text in (one, other):
        assert LEGAL.fullmatch(run_id_from(text))
        assert run_id_from(run_id_from(text)) == run_id_from(text)
    if one != other and one != run_id_from(other) and other != run_id_from(one):
        assert run_id_from(one) != run_id_from(other)


def plan(data: DataDir, name: str, status: str | None, **params: object) -> Path:
    """A run on disk under `name`, as a trainer of any age leaves it."""
    run = RunContext.open(Settings.load(data.root), name).run
    content = Plan(
        run_id=name,
        started_at="2026-01-01T00:00:00Z",
        version_id="20260101_000000",
        params=BuildParams.model_validate(params),
        pack_id="none",
        sources={},
        base_release=None,
    )
    write_json(run.plan, content.model_dump(mode="json"))
    if status:
        record = RunRecord(id=name, started_at="2026-01-01T00:00:00Z", status=status)
        write_record(run, record)
    return run.root


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path)


@pytest.mark.parametrize("text", [AIRFLOWS, "a:b", "x" * 300])
def test_a_run_of_an_older_trainer_is_found_by_the_same_id(data, text):
    older = older_run_id(text)
    assert older is not None
    there = plan(data, older, "running", min_faces=2)
    assert data.run(text).root == data.run(older).root == there
    assert run_id_to_plan(data, text, {"min_faces": 2}) == older


@pytest.mark.parametrize(
    ("status", "params"),
    [("completed", {}), ("partial", {}), ("needs_approval", {}), ("running", {"min_faces": 3})],
)
def test_another_id_of_the_same_older_name_gets_a_run_of_its_own(data, status, params):
    """It was finished, or wanted something else: it is not this one's."""
    there = plan(data, "a-b", status, **params)
    before = (there / "plan.json").read_bytes()
    own = run_id_to_plan(data, "a+b", {})
    assert own == run_id_from("a+b") != "a-b"
    assert data.run("a+b").run_id == own  # every later step and every reader finds it
    assert data.run("a:b").run_id == "a-b"
    assert (there / "plan.json").read_bytes() == before


def test_two_triggers_that_differ_in_a_sign_have_two_runs(data):
    ids = [run_id_to_plan(data, text, {}) for text in ALIKE]
    assert len(set(ids)) == len(ALIKE)
    assert [data.run(text).run_id for text in ALIKE] == ids
    assert [run_id_to_plan(data, text, {}) for text in ALIKE] == ids  # a retry of `plan`


def test_a_trigger_with_bad_parameters_is_no_retry(data):
    plan(data, "a-b", "failed")
    assert run_id_to_plan(data, "a:b", {"min_faces": "two"}) == run_id_from("a:b")


def container(root: Path, run_id: str, shard: str = "000-of-001") -> str:
    (root / "images").mkdir(parents=True, exist_ok=True)
    job = EmbedJob(
        run_id=run_id,
        shard=shard,
        images_dir=root / "images",
        model_dir=root / "images",
        pack_id="demo-0",
        cache_dir=root / "faces",
        report_dir=root / "report",
        images=[],
        started_at="2026-01-01T00:00:00Z",
    )
    return container_spec(Settings.load(root), root / "job.json", job).name


def test_containers_of_two_runs_shards_and_data_dirs_have_two_names(tmp_path):
    runs = [*ALIKE, "x" * 119, "x" * 120, "x" * 121]
    names = [container(tmp_path / "one", run) for run in runs]
    names += [container(tmp_path / "two", run) for run in runs]
    names += [container(tmp_path / "one", "a", shard) for shard in ("000-of-002", "001-of-002")]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}", name) for name in names), names


def test_a_host_of_any_length_has_a_budget(tmp_path):
    hosts = ["ü" * 60 + f".{i}." + "ö" * 60 for i in range(2)]
    keys = [host_key(f"http://{host}/") for host in (*hosts, "127.0.0.1:80", "site.example")]
    keys += [f"host-{'x' * 400}"]
    budget = Budget(BudgetFiles(tmp_path / "budget"))
    for key in keys:
        budget.reserve([key], 0.1)
    files = [budget_file(tmp_path / "budget", key) for key in keys]
    assert len(set(files)) == len(keys)
    assert all(len(path.name) <= 200 and path.exists() for path in files)


def test_a_hash_is_kept_however_short_the_name():
    assert with_hash("abc", "abc", 12) != with_hash("abc", "abd", 12)
    assert len(with_hash("a" * 300, "t", 250)) == 250
    assert len(run_id_from("x" * 1000)) == LONGEST_RUN_ID
