"""What a first build still needs: said in the log, on the front page and by the doctor."""

from __future__ import annotations

import pytest

from reports import commands
from reports.actions import command
from tests.unit.reports_visit import page, spoken
from tests.waiting import DEADLINE
from trainer.config.settings import Settings
from trainer.health.doctor import examine
from trainer.services.first_steps import first_steps
from trainer.services.given_keys import FILE, names_given, note_names, with_noted_names
from trainer.staging.clock import now
from trainer.staging.paths import DataDir

GIVEN = {"STASHDB_API_KEY": "canary-stashdb", "CHROME_CDP_URL": "http://u:canary@127.0.0.1:9222"}
FETCH = "Fetch the model pack sidecar"


@pytest.fixture(autouse=True)
def data(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    for name in ("TRAINER_CONTACT", "TRAINER_MODEL_PACK", "STASHDB_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    return DataDir(tmp_path)


def have_pack(data):
    pack = data.model_pack("sidecar")
    pack.mkdir(parents=True)
    (pack / "pack.json").touch()


def test_what_a_first_build_needs_is_said_with_what_to_do(data):
    settings = Settings.load()
    lines = first_steps(settings, {})
    assert [line.split(";")[0] for line in lines] == [
        "The model pack sidecar is not here",
        "No source has its API key, so builds are paused",
        "TRAINER_CONTACT is not set",
    ]
    assert "trainer models fetch sidecar" in lines[0] and "STASHDB_API_KEY" in lines[1]
    have_pack(data)
    whole = settings.model_copy(update={"contact": "somebody@example.org"})
    assert first_steps(whole, {"TRAINER_GIVEN_KEYS": "FANSDB_API_KEY"}) == []
    assert first_steps(whole, {"STASHDB_API_KEY": "k"}) == []


def test_in_the_stack_the_commands_are_those_of_compose(data, monkeypatch):
    monkeypatch.setenv("TRAINER_POSTGRES_HOST", "postgres")
    pack, keys, contact = first_steps(Settings.load(), {})
    assert "docker compose exec scheduler trainer models fetch sidecar" in pack
    assert ".env" in keys and "docker compose up -d" in keys and ".env" in contact


def test_who_starts_builds_notes_the_names_of_what_they_have_and_no_value(data):
    note_names(GIVEN, data.root)
    assert "canary" not in (data.root / FILE).read_text()
    assert with_noted_names({}, data.root) == {
        "TRAINER_GIVEN_KEYS": "STASHDB_API_KEY,CHROME_CDP_URL"
    }
    own = {"TRAINER_GIVEN_KEYS": "FANSDB_API_KEY"}
    assert with_noted_names(own, data.root) == own
    note_names({"STASHDB_API_KEY": " "}, data.root)
    assert with_noted_names({}, data.root) == {"TRAINER_GIVEN_KEYS": "none"}
    assert names_given({}, data.root) == []


@pytest.mark.parametrize("content", [None, b"", b"{", b'{"a": 1}', b"\xff"])
def test_without_a_note_nothing_is_known(data, content):
    if content is not None:
        (data.root / FILE).write_bytes(content)
    assert with_noted_names({"A": "b"}, data.root) == {"A": "b"}


def words(at):
    return "\n".join(spoken(at)).replace("\\", "")


def test_the_front_page_of_the_stack_says_what_is_missing_and_how_to_mend_it(data, monkeypatch):
    assert "is not here" not in words(page("overview"))  # nobody has told these pages
    monkeypatch.setenv("TRAINER_POSTGRES_HOST", "postgres")
    note_names({}, data.root)
    at = page("overview")
    assert "docker compose exec scheduler trainer models fetch sidecar" in words(at)
    assert "No source has its API key" in words(at) and "TRAINER_CONTACT is not set" in words(at)
    assert not [b for b in at.button if b.label == FETCH]  # no network there
    note_names(GIVEN, data.root)
    assert "No source has its API key" not in words(page("overview"))


def test_in_the_one_container_a_button_fetches_the_models(data, monkeypatch):
    monkeypatch.setenv("TRAINER_GIVEN_KEYS", "none")
    started = []
    monkeypatch.setattr(command, "start", lambda _data, *given: started.append(given))
    monkeypatch.setattr(commands, "start", lambda begin: begin())
    at = page("overview")
    next(b for b in at.button if b.label == FETCH).click().run()
    assert not at.exception, at.exception[0].value
    assert any("MIT" in said for said in spoken(at))  # the licences, before anything is fetched
    assert started == []
    next(b for b in at.button if b.label == "Fetch it").click().run()
    ((title, *arguments),) = started
    assert title == FETCH and arguments[0] == "models fetch" and arguments[-2:] == ["--", "sidecar"]
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    assert not [b for b in page("overview").button if b.label == FETCH]
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    have_pack(data)
    assert not [b for b in page("overview").button if b.label == FETCH]


def test_the_doctor_names_all_three_with_what_helps(data):
    found = {f.name: f for f in examine(Settings.load(), now(), online=False)}
    for name, helps in (
        ("models", "trainer models fetch sidecar"),
        ("keys", "set"),
        ("contact", "TRAINER_CONTACT"),
    ):
        assert found[name].level == "bad" and helps in found[name].help, name
    note_names(GIVEN, data.root)
    of_a_page = {f.name: f for f in examine(Settings.load(), now(), online=False, reader=True)}
    assert of_a_page["keys"].level == "warning"
    assert "STASHDB_API_KEY" not in of_a_page["keys"].text
    assert found["keys"].text.startswith("not set: FANSDB_API_KEY")


def test_a_command_of_two_words_is_run_on_the_data_dir(data):
    work = command.start(data, "List", "models list")
    assert work.process.wait(DEADLINE) == 0
    assert "not here" in command.last_line(work)
    ended = command.outcome(work)
    assert ended is not None and ended.done and any("demo" in line for line in ended.lines)
