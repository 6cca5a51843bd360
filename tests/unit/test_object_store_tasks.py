"""What a step is given of an object store, what it leaves there, what a killed one left here."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from tests.unit.object_world import Machine, memory
from trainer.config.pipeline import STEPS
from trainer.config.settings import REPO_ROOT, Settings
from trainer.config.step_files import COMMON
from trainer.config.step_table import STEP_FILES
from trainer.errors import ConfigError, StageFailed
from trainer.object_store.commits import Commits
from trainer.object_store.mirror import pull, push_all
from trainer.object_store.open_store import open_store
from trainer.object_store.patterns import Patterns, is_local
from trainer.pipeline.run import mark_failed, run_step
from trainer.runs.record import read_record
from trainer.staging.atomic import read_json

CRAWL = "crawl-a of r1"
STAGING = "runs/r1/staging/a"
CRAWL_READS = ("runs/r1/staging/**",)
CRAWL_WRITES = (f"{STAGING}/**",)
IMAGES = ("images/**",)


class Killed(BaseException):
    """Stands for `kill -9`: nothing after it runs."""


@pytest.fixture
def worker(tmp_path):
    machine = Machine(tmp_path / "data", memory())
    machine.write("sources.yaml", "stashdb: {}\n")
    machine.write("images/ab/ab01", "a picture")
    machine.write("images/cd/cd02", "another")
    machine.write("runs/r1/plan.json", "{}")
    machine.push()
    return machine


@pytest.fixture
def other(worker, tmp_path):
    return Machine(tmp_path / "other", worker.store)


def test_of_what_is_listed_only_names_come(other):
    with other.task("plan_embed", lists=IMAGES, writes=IMAGES):
        path = other.root / "images" / "ab" / "ab01"
        assert path.exists() and path.stat().st_size == len("a picture")
        assert path.stat().st_mode & 0o777 == 0
        (other.root / "images" / "cd" / "cd02").unlink()
    assert not [path for path in other.root.glob("images/*/*") if path.is_file()]
    pull(other.store, other.root, images=True)
    assert [path for path in other.texts() if path.startswith("images")] == ["images/ab/ab01"]


def test_what_is_read_comes_whole_also_over_a_placeholder(other):
    with other.task("plan_embed", lists=IMAGES) as session:
        session.bring(Patterns(["images/ab/*"]))
        assert other.texts()["images/ab/ab01"] == "a picture"
        assert "images/cd/cd02" not in other.texts()
    assert other.texts()["images/ab/ab01"] == "a picture"


def kill_a_crawl(machine: Machine) -> None:
    with pytest.raises(Killed), machine.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES):
        machine.write(f"{STAGING}/part-1", "fetched")
        machine.write("images/ef/ef03", "fetched, too")
        raise Killed


def test_a_killed_crawl_goes_on_from_its_own_files(worker):
    kill_a_crawl(worker)
    with worker.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES):
        assert worker.texts()[f"{STAGING}/part-1"] == "fetched"
    assert worker.texts()["images/ef/ef03"] == "fetched, too"


def test_not_where_another_machine_did_it_meanwhile(worker, other):
    kill_a_crawl(worker)
    with other.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES):
        other.write(f"{STAGING}/part-9", "fetched there")
    with worker.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES):
        assert f"{STAGING}/part-1" not in worker.texts()
        assert worker.texts()[f"{STAGING}/part-9"] == "fetched there"
    pull(other.store, other.root)
    assert f"{STAGING}/part-1" not in other.texts()


def test_what_another_killed_task_left_goes(worker):
    kill_a_crawl(worker)
    with worker.task("resolve of r1", CRAWL_READS, ("runs/r1/resolve/**",)):
        assert f"{STAGING}/part-1" not in worker.texts()


def test_parts_are_pushed_while_a_crawl_goes_on(worker, other):
    crawl = worker.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES)
    with pytest.raises(Killed), crawl as session:
        worker.write(f"{STAGING}/part-1", "fetched")
        worker.write(f"{STAGING}/_RUN.json", "{}")
        session.push_parts()
        worker.write(f"{STAGING}/part-2", "after the last push")
        raise Killed
    with other.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES):
        assert [path for path in other.texts() if path.startswith(STAGING)] == [f"{STAGING}/part-1"]


def test_after_parts_were_pushed_its_own_machine_has_all(worker):
    crawl = worker.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES)
    with pytest.raises(Killed), crawl as session:
        worker.write(f"{STAGING}/part-1", "fetched")
        session.push_parts()
        worker.write(f"{STAGING}/part-2", "after the last push")
        raise Killed
    with worker.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES):
        assert worker.texts()[f"{STAGING}/part-2"] == "after the last push"


def test_two_tasks_on_one_machine_leave_each_other_alone(worker):
    with worker.task(CRAWL, CRAWL_READS, CRAWL_WRITES, IMAGES):
        worker.write(f"{STAGING}/part-1", "in hand")
        with worker.task("crawl-b of r1", CRAWL_READS, ("runs/r1/staging/b/**",), lists=IMAGES):
            worker.write("runs/r1/staging/b/part-1", "in hand, too")
        assert worker.texts()[f"{STAGING}/part-1"] == "in hand"
        with pytest.raises(StageFailed, match="crawl-a of r1 is at work"):
            push_all(worker.store, worker.root, "a test")
    head = Commits(worker.store).head()
    assert head is not None and head.number == 3


def run_task(machine: Machine, name: str, reads: tuple[str, ...] = ()) -> None:
    with machine.task(name, reads):
        pass


def test_an_operators_change_is_never_overwritten(worker, other):
    pull(other.store, other.root)
    other.write("sources.yaml", "stashdb: {enabled: true}\n")
    worker.write("sources.yaml", "stashdb: {enabled: false}\n")
    worker.push()
    with pytest.raises(StageFailed, match=r"sources\.yaml: changed in .* and never pushed"):
        run_task(other, "resolve of r1", ("sources.yaml",))
    with pytest.raises(StageFailed, match=r"sources\.yaml was changed here and meanwhile"):
        push_all(other.store, other.root, "a test")
    pull(other.store, other.root, discard=True)
    assert other.texts()["sources.yaml"] == "stashdb: {enabled: false}\n"


def test_an_old_mirror_pushes_only_what_was_changed_there(worker, other):
    pull(other.store, other.root)
    worker.write("sources.yaml", "fansdb: {}\n")
    worker.push()
    other.write("gate.yaml", "packs: {}\n")
    (other.root / "runs" / "r1" / "plan.json").unlink()
    done = push_all(other.store, other.root, "a test")
    assert (done.changed, done.deleted) == (1, 1)
    pull(worker.store, worker.root)
    assert worker.texts()["sources.yaml"] == "fansdb: {}\n"
    assert worker.texts()["gate.yaml"] == "packs: {}\n"
    assert "runs/r1/plan.json" not in worker.texts()


def test_an_empty_store_says_what_to_do_first(tmp_path):
    machine = Machine(tmp_path, memory())
    with pytest.raises(StageFailed, match="run `trainer objects push` once"):
        run_task(machine, "plan")


def test_patterns():
    found = Patterns(["sources.yaml", "runs/r1/staging/**", "faces/*/part-*", "*.db"])
    assert "runs/r1/staging/a/b/part" in found and "faces/p/part-1" in found
    assert "runs/r2/staging/a" not in found and "faces/p/q/part-1" not in found
    assert "state.db" in found and "runs/r1/x.db" not in found
    assert found.roots() == ["."]
    sections = (".", "runs/r1", "runs/r2", "faces/p", "images/ab", "export")
    assert [s for s in sections if found.may_match(s)] == [".", "runs/r1", "faces/p"]
    assert Patterns(["a/b/**", "a/b/c/*"]).roots() == ["a/b"]


@pytest.mark.parametrize(
    "path", ["budget/x", ".build.lock", "runs/r/.record.lock", "runs.json", "state.db-wal"]
)
def test_what_is_of_one_machine_stays_there(path):
    assert is_local(path) and not is_local("runs/r/run.json")


def test_every_step_says_what_it_reads_and_writes():
    assert {step.name for step in STEPS} <= STEP_FILES.keys()
    known = {"run", "key", "model", "pack", "base", "version"}
    for name, files in STEP_FILES.items():
        texts = (*COMMON, *files.reads, *files.lists, *files.writes, *files.adds, *files.edits)
        assert set(re.findall(r"{(\w+)}", " ".join(texts))) <= known, name


def test_without_a_store_nothing_of_it_is_loaded():
    script = (
        "import sys, trainer.pipeline.build, trainer.cli\n"
        "from trainer.config.settings import Settings\n"
        "from trainer.pipeline.stored import stored\n"
        "with stored(Settings.load(), 'r1', 'resolve'): pass\n"
        "assert 'obstore' not in sys.modules, 'loaded'\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=REPO_ROOT, check=True)


@pytest.mark.parametrize("url", ["here", "ftp://a/b", "s3://", "s3://key:secret@bucket/p"])
def test_an_address_that_is_none_is_refused(url, tmp_path):
    settings = Settings.load(tmp_path).model_copy(update={"object_store": url})
    with pytest.raises(ConfigError, match="TRAINER_OBJECT_STORE is no address") as refused:
        open_store(settings)
    assert "secret" not in str(refused.value)


@pytest.fixture
def settings(worker, monkeypatch):
    monkeypatch.setattr("trainer.object_store.open_store.open_store", lambda _: worker.store)
    update = {"object_store": worker.store.url}
    return Settings.load(worker.root).model_copy(update=update)


def test_the_door_of_steps_brings_and_pushes(worker, other, settings, monkeypatch):
    def work(context, key=None):
        assert (context.data.root / "sources.yaml").exists()
        worker.write(f"runs/r1/targets/{context.run.run_id}", "made")
        return {"done": True}

    monkeypatch.setattr("trainer.pipeline.steps.plan_references.run", work)
    plan = {"plan.json": PLAN, "run.json": {"id": "r1", "started_at": "x", "status": "running"}}
    for name, content in plan.items():
        worker.write(f"runs/r1/{name}", json.dumps(content))
    worker.push()
    elsewhere = settings.model_copy(update={"data_dir": other.root})
    worker.root = other.root
    assert run_step("plan_references", "r1", elsewhere) == {"done": True}
    mark_failed("r1", elsewhere, "resolve", "it failed; try again")
    third = Machine(other.root.parent / "third", worker.store)
    pull(third.store, third.root)
    assert third.texts()["runs/r1/targets/r1"] == "made"
    assert read_json(third.root / "runs/r1/steps/plan_references.json") == {"done": True}
    record = read_record(third.root / "runs" / "r1" / "run.json")
    assert record.status == "failed"
    assert {k: v.status for k, v in record.steps.items()} == {
        "plan_references": "done",
        "resolve": "failed",
    }


PLAN: dict[str, object] = {
    "run_id": "r1",
    "started_at": "2026-01-01T00:00:00Z",
    "version_id": "20260101_000000",
    "params": {},
    "pack_id": "demo-0",
    "sources": {},
    "base_release": None,
}
