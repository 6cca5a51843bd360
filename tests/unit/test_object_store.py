"""DATA_DIR on an object store: commits, merges, and what a machine that dies leaves."""

from __future__ import annotations

import json
import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta

import obstore
import pytest

from tests.unit.object_world import Machine, memory
from trainer.errors import DamagedFileError, StageFailed
from trainer.object_store.check import check
from trainer.object_store.checkout import Checkout
from trainer.object_store.commits import Commits
from trainer.object_store.compare import compare
from trainer.object_store.garbage import collect_garbage
from trainer.object_store.mirror import pull, push_all, remove
from trainer.object_store.names import POINTER, object_name
from trainer.object_store.patterns import Patterns
from trainer.object_store.push import Pushed
from trainer.object_store.store import Store
from trainer.object_store.upload import GRACE
from trainer.staging.atomic import read_json
from trainer.staging.clock import now

RECORD = "runs/r1/run.json"


@pytest.fixture
def first(tmp_path):
    """A machine whose DATA_DIR was pushed."""
    machine = Machine(tmp_path / "first", memory())
    machine.write("sources.yaml", "stashdb: {}\n")
    machine.write("images/ab/ab01", "a picture")
    machine.write("releases/20260101_000000/manifest.json", "{}")
    machine.write(RECORD, json.dumps({"id": "r1", "steps": {}, "errors": []}))
    (machine.root / "releases" / "current").symlink_to("20260101_000000")
    machine.push()
    return machine


@pytest.fixture
def second(first, tmp_path):
    """Another machine, which has nothing yet."""
    return Machine(tmp_path / "second", first.store)


def test_a_mirror_is_what_was_pushed(first, second):
    os.utime(first.root / "sources.yaml", (1_700_000_000, 1_700_000_000))
    (first.root / "sources.yaml").chmod(0o600)
    first.write("budget/host-invented", "1")
    first.push()
    assert pull(second.store, second.root, images=True) == 5
    mine = first.texts()
    assert mine.pop("budget/host-invented")
    assert second.texts() == mine
    found = (second.root / "sources.yaml").stat()
    assert (found.st_mode & 0o777, found.st_mtime) == (0o600, 1_700_000_000)
    assert (second.root / "releases" / "current").readlink().name == "20260101_000000"
    assert pull(second.store, second.root, images=True) == 0


def test_nothing_is_pushed_twice(first):
    assert push_all(first.store, first.root, "a test") == Pushed(None, 0, 0)


def test_tasks_of_two_machines_are_merged(first, second):
    steps = {}
    with second.task("crawl-b", writes=("runs/r1/staging/b/**",), edits=(RECORD,), reads=(RECORD,)):
        with first.task("crawl-a", writes=("runs/r1/staging/a/**",), edits=(RECORD,)):
            first.write("runs/r1/staging/a/part", "a")
            steps["crawl-a"] = {"status": "done"}
            first.write(RECORD, json.dumps({"id": "r1", "steps": steps, "errors": ["one"]}))
        second.write("runs/r1/staging/b/part", "b")
        second.write(RECORD, json.dumps({"id": "r1", "steps": {"crawl-b": 1}, "errors": ["two"]}))
    for machine in (first, second):
        pull(machine.store, machine.root)
        assert machine.texts()["runs/r1/staging/a/part"] == "a"
        assert machine.texts()["runs/r1/staging/b/part"] == "b"
        record = read_json(machine.root / RECORD)  # which verifies its checksum
        assert record["steps"] == {"crawl-a": {"status": "done"}, "crawl-b": 1}
        assert sorted(record["errors"]) == ["one", "two"]


def test_the_same_path_on_two_machines_is_an_error_that_names_it(first, second):
    with second.task("publish", reads=("state.db",), writes=("notes.txt",)) as session:
        first.write("notes.txt", "one")
        first.push()
        second.write("notes.txt", "another")
        with pytest.raises(StageFailed, match=r"notes\.txt was changed here and meanwhile"):
            session.push()
        second.write("notes.txt", "one")  # the same in the same words is no conflict
    pull(second.store, second.root)
    assert second.texts()["notes.txt"] == "one"


def test_many_push_at_once_and_nothing_is_lost(first, tmp_path):
    def work(number: int) -> None:
        machine = Machine(tmp_path / f"worker-{number}", first.store)
        with machine.task(f"crawl-{number}", writes=(f"runs/r1/staging/{number}/**",)):
            machine.write(f"runs/r1/staging/{number}/part", str(number))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))
    pull(first.store, first.root)
    parts = [path for path in first.texts() if path.startswith("runs/r1/staging/")]
    assert len(parts) == 8
    head = Commits(first.store).head()
    assert head is not None and head.number == 9


@pytest.mark.parametrize("calls", range(7))
def test_a_machine_that_dies_while_it_pushes_changes_nothing(first, second, calls):
    """Dies at the n-th write; the pointer's is the last one."""
    before = pull_texts(first, second)
    dying = Machine(first.root, DiesAfter(first.store.url, first.store.inner, calls))
    for number in range(3):
        dying.write(f"runs/r2/staging/a/{number}", f"part {number}")
    try:
        dying.push()
    except SystemExit:
        assert pull_texts(first, second) == before
    else:
        assert calls == 6  # three objects, a list of files, the tree, the pointer
    first.push()
    after = pull_texts(first, second)
    assert {p: t for p, t in after.items() if "r2" not in p} == before
    assert sum("r2" in path for path in after) == 3


class DiesAfter(Store):
    """A store whose user dies at a write."""

    def __init__(self, url, inner, writes) -> None:
        super().__init__(url, inner)
        object.__setattr__(self, "_left", [None] * writes)

    _left: list[None]

    def _count(self) -> None:
        if not self._left:
            raise SystemExit(137)
        self._left.pop()

    def write(self, name, content) -> None:
        self._count()
        super().write(name, content)

    def swap(self, name, content, tag) -> bool:
        self._count()
        return super().swap(name, content, tag)


def pull_texts(first, second) -> dict[str, str]:
    pull(first.store, second.root, images=True)
    return second.texts()


def test_a_pointer_that_was_moved_without_an_answer_is_not_moved_twice(first, monkeypatch):
    def deaf(self, name, content, tag):
        obstore.put(self.inner, name, content)
        return False

    monkeypatch.setattr(Store, "swap", deaf)
    first.write("gate.yaml", "packs: {}\n")
    first.push()
    head = Commits(first.store).head()
    assert head is not None and head.number == 2


def test_a_damaged_object_is_found_named_and_mended(first, second):
    entry = first_object(first, "sources.yaml")
    obstore.put(first.store.inner, entry, b"stashdb: []\n")
    with pytest.raises(DamagedFileError, match=r"sources\.yaml: its object .* is damaged"):
        pull(second.store, second.root)
    assert not check(first.store, first.root, deep=False, mend=False).damaged  # the size is right
    found = check(second.store, second.root, deep=True, mend=True)
    assert found.damaged == [f"sources.yaml: its object {entry} is damaged"]
    assert check(first.store, first.root, deep=True, mend=True).mended
    assert not check(first.store, first.root, deep=True, mend=False).damaged
    pull(second.store, second.root)
    assert second.texts()["sources.yaml"] == "stashdb: {}\n"


def test_what_is_lost_can_be_given_up(first, second):
    obstore.delete(first.store.inner, first_object(first, "sources.yaml"))
    with pytest.raises(DamagedFileError, match=r"sources\.yaml: its object .* is gone"):
        pull(second.store, second.root)
    assert remove(second.store, second.root, ["sources.yaml"], "a test").deleted == 1
    pull(second.store, second.root)
    assert "sources.yaml" not in second.texts()


def first_object(machine, path: str) -> str:
    entry = Checkout.begin(machine.store, machine.root).entries(Patterns([path]))[path]
    return object_name(entry.sha256 or "")


def test_a_damaged_list_of_files_is_written_again_from_what_is_here(first, second):
    head = Commits(first.store).head()
    assert head is not None
    section = Commits(first.store).tree(head.tree).sections["images/ab"]
    obstore.put(first.store.inner, f"trees/{section}", b"{}")
    with pytest.raises(DamagedFileError, match="push --anew"):
        pull(second.store, second.root, images=True)
    push_all(first.store, first.root, "a test", anew=True)
    assert pull(second.store, second.root, images=True) == 5


def test_a_pointer_of_somebody_else_is_no_commit(first):
    obstore.put(first.store.inner, POINTER, b"not json")
    with pytest.raises(DamagedFileError, match="not a pointer"):
        first.push()


def test_garbage_goes_after_the_grace_time_and_nothing_else(first, second):
    dying = Machine(first.root, DiesAfter(first.store.url, first.store.inner, 2))
    dying.write("runs/r2/staging/a/1", "never committed")
    with pytest.raises(SystemExit):
        dying.push()
    assert collect_garbage(first.store, now()) == 0
    assert collect_garbage(first.store, now() + GRACE + timedelta(hours=1)) == 2  # it, and its list
    assert pull(second.store, second.root, images=True) == 5


def test_the_database_comes_with_what_waits_beside_it(first, second):
    with closing(sqlite3.connect(first.root / "state.db")) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("CREATE TABLE invented (number)")
        db.execute("INSERT INTO invented VALUES (7)")
        db.commit()
        assert (first.root / "state.db-wal").stat().st_size
        first.push()
    pull(second.store, second.root)
    with closing(sqlite3.connect(second.root / "state.db")) as db:
        assert db.execute("SELECT number FROM invented").fetchall() == [(7,)]
    before = Commits(first.store).head()
    first.push()
    second.push()
    assert Commits(first.store).head() == before
    assert not compare(second.store, second.root).changed
