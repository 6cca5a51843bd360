"""What an operator does with a release on the page of versions, over real small releases."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from reports import text
from reports.actions import command
from reports.actions import releases as actions
from reports.actions.role import NotAllowed
from reports.app_pages import versions
from reports.downloads import DOWNLOADS
from tests.release_fixtures import small_release
from tests.unit.reports_acting_world import press
from tests.unit.reports_visit import page, spoken
from tests.waiting import DEADLINE, wait_for
from trainer.cli import app
from trainer.errors import ConfigError
from trainer.release.export import zip_path
from trainer.release.files import current_id
from trainer.release.publish import publish
from trainer.release.verify import verify, write_report
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding

OLD, NEW = "20261101_000000", "20261102_000000"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    root = tmp_path_factory.mktemp("made")
    return [
        small_release(root, OLD, "2026.11.01", people=25),
        small_release(root, NEW, "2026.11.02", people=26),
    ]


@pytest.fixture
def data(made, tmp_path, monkeypatch) -> DataDir:
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    monkeypatch.setattr(versions, "PATIENCE", 60.0)
    data = DataDir(tmp_path)
    with deciding(data):
        pass  # makes state.db, without which nothing is changed
    for path in made:
        publish(data, Path(shutil.copytree(path, tmp_path / "runs" / path.name / "r")), path.name)
    return data


def waited(started: command.Command) -> command.Outcome:
    started.process.wait(DEADLINE)
    found = command.outcome(started)
    assert found is not None
    return found


def until_said(at):
    """Run the page until the command at work has said something."""
    wait_for(lambda: at.success or at.error or (at.run() and False), every=0.3)
    assert not at.exception, at.exception[0].value
    return "\n".join(e.value.replace("\\", "") for e in [*at.success, *at.error])


def test_a_release_is_verified_exported_and_made_current_again(data):
    assert "checks hold" in waited(actions.verify(data, OLD)).lines[-1]
    done = waited(actions.export(data, OLD))
    assert done.done
    assert done.lines[-1] == str(zip_path(data.exports, "2026.11.01"))
    assert current_id(data) == NEW
    done = waited(actions.make_current(data, OLD))
    assert done.done
    assert f"with the content of {OLD}" in done.lines[-1]
    assert current_id(data) not in (OLD, NEW)


def test_what_fails_says_why_and_changes_nothing(data):
    (data.release(OLD) / "faces.json").write_text("{}")
    found = waited(actions.make_current(data, OLD))
    assert not found.done
    assert "faces.json" in found.lines[-1]
    assert not waited(actions.verify(data, OLD)).done
    assert not waited(actions.export(data, "--help")).done
    assert current_id(data) == NEW


def test_the_export_for_stashface_needs_its_password_and_is_offered(data, monkeypatch):
    monkeypatch.delenv("TRAINER_STASHFACE_PASSWORD", raising=False)
    done = waited(actions.export_for(data, OLD, "stashface"))
    assert not done.done
    assert "set TRAINER_STASHFACE_PASSWORD" in done.lines[-1]
    monkeypatch.setenv("TRAINER_STASHFACE_PASSWORD", "a secret of ours")
    assert waited(actions.export_for(data, OLD, "stashface")).done
    found = [path.name for path in actions.downloads(data, OLD, "2026.11.01")]
    assert found == ["performers.db", "stashface-data-v2026.11.01.zip"]
    assert "Export for stashface" in [button.label for button in page("versions").button]


def test_a_viewer_can_do_nothing_with_a_release(data, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    for act in (
        lambda: actions.verify(data, OLD),
        lambda: actions.export(data, OLD),
        lambda: actions.export_for(data, OLD, "stashface"),
        lambda: actions.make_current(data, OLD),
        lambda: actions.pin(data, OLD, "why"),
        lambda: actions.unpin(data, OLD),
    ):
        with pytest.raises(NotAllowed):
            act()
    at = page("versions")
    assert not [b for b in at.button if b.label != "Download these as CSV"]
    assert not at.get("link_button")
    assert "docker restart" in at.code[0].value


def test_a_release_is_pinned_with_a_reason_and_let_go(data):
    with pytest.raises(ConfigError, match="reason is empty"):
        actions.pin(data, OLD, " ")
    at = page("versions", version=OLD)
    at.text_input(key=f"pin-{OLD}-reason").input("before the purge")
    press(at, "Pin it")
    assert "is pinned" in at.success[0].value
    assert at.table[0].value["State"].tolist() == ["current", "pinned"]
    press(at, "Unpin")
    assert at.table[0].value["State"].tolist() == ["current", text.MISSING]


def test_the_page_verifies_and_says_what_was_found(data):
    said = until_said(press(page("versions", version=OLD), "Verify"))
    assert f"Verify {OLD}: done." in said
    assert "checks hold" in said


def test_the_page_asks_before_it_makes_a_release_current_again(data):
    at = press(page("versions", version=OLD), "Make current again")
    assert current_id(data) == NEW
    assert any("under a new version" in s for s in spoken(at))
    press(at, "Publish it again")
    assert "done." in until_said(at)
    assert current_id(data) not in (OLD, NEW)
    assert len(at.table[0].value) == 3


def test_the_current_release_can_not_be_made_current_again(data):
    at = page("versions", version=NEW)
    assert next(b for b in at.button if b.label == "Make current again").disabled


def test_every_release_stands_in_the_page_as_text(data):
    rows = page("versions").table[0].value
    assert rows["File"].tolist() == [text.markdown(f"performers_{name}.db") for name in (NEW, OLD)]
    assert set(rows.columns) >= {"Built", "Size", "Performers", "Faces", "Verified", "State"}


def test_files_are_offered_where_the_server_hands_them_out(data, monkeypatch):
    waited(actions.export(data, OLD))
    monkeypatch.setattr(DOWNLOADS, "is_served", False)
    at = page("versions", version=OLD)
    assert not at.get("link_button")
    assert any("server.py to download" in s.replace("\\", "") for s in spoken(at))
    monkeypatch.setattr(DOWNLOADS, "is_served", True)
    found = [b.proto for b in page("versions", version=OLD).get("link_button")]
    assert [b.label.replace("\\", "").split(" (")[0] for b in found] == [
        f"Download performers_{OLD}.db",
        "Download stash-sense-data-v2026.11.01.zip",
    ]
    path, name = DOWNLOADS.find(found[0].url.split("/")[1]) or (None, None)
    assert (path, name) == (data.release(OLD) / "performers.db", f"performers_{OLD}.db")


def test_the_commands_for_a_sidecar_name_the_zip(data):
    unpack, restart = actions.sidecar_commands(data, "2026.11.01")
    assert str(zip_path(data.exports, "2026.11.01")) in unpack
    assert restart == "docker restart stash-sense"


def test_the_terminal_lists_the_same_of_a_release(data):
    write_report(data.release(NEW), verify(data.release(NEW)))
    actions.pin(data, NEW, "kept")
    done = CliRunner().invoke(app, ["versions", "--json"])
    newest, oldest = json.loads(done.output)
    assert (newest["file"], newest["verified"], newest["signed"]) == (
        f"performers_{NEW}.db", True, False,
    )  # fmt: skip
    assert oldest["verified"] is None
    line = CliRunner().invoke(app, ["versions"]).output.splitlines()[0]
    assert line.endswith("verified, pinned  <- current")
