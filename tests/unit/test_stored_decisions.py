"""What a person decides on one machine is in the object store, or nowhere."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from tests.unit.object_world import Machine, memory
from tests.unit.test_object_store_tasks import Killed
from trainer.cli import app
from trainer.cli.stored_commands import BY_THEMSELVES, FOLDER, commands
from trainer.config.decision_table import DECIDES
from trainer.config.settings import Settings
from trainer.errors import RetryLater, StageFailed
from trainer.exclusions.edit import add
from trainer.exclusions.entries import read_entries
from trainer.object_store.compare import compare
from trainer.object_store.mirror import pull
from trainer.pipeline.decided import decided
from trainer.pipeline.stored import stored
from trainer.staging.paths import DataDir

LISTED = DECIDES["exclude add"]
IMAGE = "ab" + "0" * 62
AT = "2026-01-01T00:00:00Z"
LOOKING = {
    *("status", "doctor", "metrics", "sources", "assertions", "versions", "verify", "diff"),
    *("candidates", "backup", "config get", "config history", "config settings", "keys new"),
    *("delta apply", "identity show", "identity decisions", "reviews faces", "models list"),
    *("notify test", "performers absent", "performers show", "runs show"),
}


@pytest.fixture
def here(tmp_path, monkeypatch) -> Machine:
    machine = Machine(tmp_path / "here", memory())
    monkeypatch.setenv("TRAINER_OBJECT_STORE", machine.store.url)
    monkeypatch.setattr("trainer.object_store.open_store.open_store", lambda _: machine.store)
    machine.write("sources.yaml", "{}\n")
    machine.write(f"images/ab/{IMAGE}", "an image")
    exclude(machine, "https://site.example/1")
    machine.push()
    return machine


@pytest.fixture
def there(here, tmp_path) -> Machine:
    machine = Machine(tmp_path / "there", here.store)
    pull(machine.store, machine.root)
    return machine


def exclude(machine: Machine, url: str) -> None:
    add(DataDir(machine.root), "url", url, "asked", AT)


def excluded(machine: Machine) -> list[str]:
    return [entry.value.rpartition("/")[2] for entry in read_entries(DataDir(machine.root))]


def in_the_store(machine: Machine) -> list[str]:
    mirror = Machine(machine.root.parent / "mirror", machine.store)
    pull(mirror.store, mirror.root)
    return excluded(mirror)


def deciding(machine: Machine, writes: tuple[str, ...] = LISTED):
    return decided(Settings.load(machine.root), writes)


def said(machine: Machine, *command: str) -> str:
    done = CliRunner().invoke(app, [*command, "--data-dir", str(machine.root)])
    assert done.exception is None, done.exception
    return done.output


def test_every_command_is_known_to_decide_or_not():
    names = {name for name, _ in commands(app) if not name.startswith("objects ")}
    groups = [DECIDES.keys(), FOLDER.keys(), BY_THEMSELVES, LOOKING]
    assert sorted(names) == sorted(name for group in groups for name in group)


def test_commands_store_what_they_decide_on_the_newest_commit(here, there):
    said(here, "exclude", "add", "--url", "https://site.example/2", "--reason", "asked")
    said(there, "exclude", "add", "--url", "https://site.example/3", "--reason", "asked")
    assert in_the_store(here) == excluded(there) == ["1", "2", "3"]
    said(here, "exclude", "remove", "1")
    said(there, "config", "set", "iafd.enabled", "true")
    assert "iafd.enabled" in said(here, "config", "undo")
    assert in_the_store(here) == ["2", "3"]


def test_a_refused_command_leaves_nothing(here, there):
    done = CliRunner().invoke(app, ["exclude", "remove", "77", "--data-dir", str(there.root)])
    assert "77" in str(done.exception)
    with pytest.raises(ZeroDivisionError), deciding(there):
        exclude(there, "https://site.example/2")
        raise ZeroDivisionError
    assert excluded(there) == ["1"] and not compare(there.store, there.root).changed


def test_two_people_decide_at_once(here, there):
    """The second is told, and its folder is as it was."""
    with pytest.raises(RetryLater, match="changed by another machine meanwhile"), deciding(there):
        exclude(there, "https://site.example/2")
        exclude(here, "https://site.example/3")
        here.push()
    assert excluded(there) == ["1"]
    with deciding(there):
        exclude(there, "https://site.example/2")
    assert in_the_store(here) == ["1", "3", "2"]


def test_what_a_killed_decision_left_is_no_part_of_the_next(here, there, monkeypatch):
    with monkeypatch.context() as patched, pytest.raises(Killed), deciding(there):
        patched.setattr("trainer.pipeline.decided._undo", lambda _: None)
        exclude(there, "https://site.example/2")
        raise Killed
    assert excluded(there) == ["1", "2"]
    with deciding(there):
        exclude(there, "https://site.example/3")
    assert in_the_store(here) == excluded(there) == ["1", "3"]


def test_a_store_that_answers_no_more_has_nothing_of_it(here, there, monkeypatch):
    def refused(*_: object) -> None:
        raise RetryLater("can't write; see that the object store answers")

    failed = pytest.raises(RetryLater, match="can't write")
    with monkeypatch.context() as patched, failed, deciding(there):
        exclude(there, "https://site.example/2")
        patched.setattr("trainer.object_store.store.Store.write", refused)
        patched.setattr("trainer.object_store.store.Store.save", refused)
    assert in_the_store(here) == ["1"]
    with deciding(there):
        pass
    assert excluded(there) == ["1"]


def test_images_are_deleted_that_are_not_here(here, there):
    said(there, "exclude", "add", "--image", IMAGE, "--reason", "asked")
    assert "removed: 1 pictures" in said(there, "exclude", "purge")
    pull(here.store, here.root, images=True)
    assert not list(here.root.glob("images/*/*"))


def test_not_beside_a_task_of_this_machine_that_changes_the_same(there):
    with there.task("publish of r1", writes=("state.db",)):
        with pytest.raises(StageFailed, match="publish of r1 is at work"), deciding(there):
            pass
        with deciding(there, DECIDES["config set"]):
            there.write("sources.yaml", "iafd: {enabled: true}\n")


def test_a_step_begins_again_after_a_decision(here, there):
    """`publish` works for minutes, and a person need not wait for it."""
    failed, settings = pytest.raises(RetryLater, match="run it again"), Settings.load(there.root)
    with failed as refused, stored(settings, "r1", "resume"):
        exclude(there, "https://site.example/2")
        exclude(here, "https://site.example/3")
        here.push()
    assert refused.value.retry_after
    with stored(settings, "r1", "resume"):
        assert excluded(there) == ["1", "3"]
        exclude(there, "https://site.example/2")
    assert in_the_store(here) == ["1", "3", "2"]


def test_without_a_store_nothing_is_asked(here, monkeypatch):
    monkeypatch.delenv("TRAINER_OBJECT_STORE")
    monkeypatch.setattr("trainer.object_store.open_store.open_store", None)
    said(here, "exclude", "add", "--url", "https://site.example/2", "--reason", "asked")
    assert excluded(here) == ["1", "2"]
