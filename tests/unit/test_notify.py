"""Messages to the operator: sent by Apprise to a web server on loopback."""

from __future__ import annotations

import json
import logging

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from tests.web_server import Asked, serving
from trainer.cli import app
from trainer.config.settings import Settings
from trainer.crawl.environment import crawl_environment
from trainer.errors import ConfigError
from trainer.notify import events
from trainer.notify.send import Message, addresses, notify, send, send_test
from trainer.pipeline.run import mark_failed
from trainer.runs.context import RunContext
from trainer.runs.record import RunRecord, write_record

SECRET = "hush-hush"  # noqa: S105 - invented
URLS = "TRAINER_NOTIFY_URLS"


class Inbox:
    """A service that keeps what it is sent, and answers `status`."""

    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []
        self.status = 200
        self.url = ""

    def __call__(self, asked: Asked) -> tuple[int, dict[str, str], bytes]:
        self.messages.append(json.loads(asked.body))
        return self.status, {}, b""


@pytest.fixture
def inbox():
    found = Inbox()
    with serving(found) as base:
        found.url = base.replace("http://", f"json://ada:{SECRET}@") + "/box"
        yield found


@pytest.fixture
def settings(inbox, tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv(URLS, inbox.url)
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    return Settings.load()


def run(settings, status, **more):
    context = RunContext.open(settings, "week-1")
    record = {"id": "week-1", "started_at": "2026-11-28T00:00:00Z", "status": status, **more}
    context.run.root.mkdir(parents=True, exist_ok=True)
    write_record(context.run, RunRecord.model_validate(record))
    return context


def test_a_message_goes_to_every_service_as_plain_text(settings, inbox, monkeypatch):
    monkeypatch.setenv(URLS, f"{inbox.url}  {inbox.url}2\n")
    sent = send(Settings.load(), Message("<b>done</b>", "*all* of it", "success"))
    assert [s.ok for s in sent] == [True, True]
    assert [m["message"] for m in inbox.messages] == ["*all* of it"] * 2
    assert inbox.messages[0]["title"] == "<b>done</b>"
    assert inbox.messages[0]["type"] == "success"


def test_no_address_is_ever_shown_or_logged(settings, inbox, caplog, monkeypatch):
    inbox.status = 500
    monkeypatch.setenv(URLS, f"{inbox.url} nonsense://{SECRET} json://{SECRET}@127.0.0.1:1/")
    found = Settings.load()
    with caplog.at_level(logging.DEBUG):
        notify(found, Message("a", "b"))
    said = caplog.text + repr(found) + str(found.model_dump()) + str(send(found, Message("a", "b")))
    assert SECRET not in said
    assert "service 1 (JSON): it refused or did not answer" in said
    assert "service 2: not an address that Apprise knows" in said


def test_a_service_that_breaks_fails_nothing(settings, monkeypatch, caplog):
    def breaks(*_args, **_more):
        raise RuntimeError(SECRET)

    monkeypatch.setattr("trainer.notify.send.send", breaks)
    notify(settings, Message("a", "b"))
    assert "failed: runtime" in caplog.text
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("status", "title", "mood"),
    [
        ("completed", "Build completed", "success"),
        ("partial", "Build completed in part", "warning"),
        ("failed", "Build failed", "failure"),
        ("needs_approval", "A release needs approval", "warning"),
    ],
)
def test_the_end_of_a_run_is_told(settings, inbox, status, title, mood):
    stats = {"by_source": {"stashdb": {"status": "blocked", "reason": "403 thrice"}}}
    diff = {"new_performers": 1200, "new_faces": 3}
    events.tell_end(run(settings, status, stats=stats, diff_from_previous=diff))
    (message,) = inbox.messages
    assert (message["title"], message["type"]) == (title, mood)
    assert "Run week-1" in message["message"]
    assert "1,200 performers and 3 faces are new" in message["message"]
    assert "stashdb: blocked, 403 thrice" in message["message"]
    assert ("trainer approve week-1" in message["message"]) == (status == "needs_approval")


@pytest.mark.parametrize("status", ["running", "rejected"])
def test_what_goes_on_or_was_decided_is_not_told(settings, inbox, status):
    events.tell_end(run(settings, status))
    assert inbox.messages == []


def test_a_damaged_record_is_no_failure_of_the_message(settings, inbox, caplog):
    context = run(settings, "completed")
    context.run.record.write_text("{")
    events.tell_end(context)
    assert inbox.messages == []
    assert "no notification of run week-1" in caplog.text


def test_a_run_that_never_had_a_plan_is_told_when_it_fails(settings, inbox):
    mark_failed("week-1", settings, "plan", "bad parameters; correct them")
    (message,) = inbox.messages
    assert "bad parameters; correct them" in message["message"]
    run(settings, "running").run.plan.write_text("{}")
    mark_failed("week-1", settings, "crawl-stashdb", "lost; run it again")
    assert len(inbox.messages) == 1  # `report` is still to come, and tells
    mark_failed("week-1", settings, "report", "lost; run it again")
    assert len(inbox.messages) == 2


def test_a_blocked_source_is_told_once_a_run(settings, inbox):
    context = run(settings, "running")
    for _ in range(2):
        events.tell_blocked(context, "stashdb", "answered 403 thrice")
    events.tell_blocked(context, "fansdb", None)
    assert [m["title"] for m in inbox.messages] == [
        "Source stashdb blocks us",
        "Source fansdb blocks us",
    ]


def test_a_disk_that_fills_up_is_told_once_a_run(settings, inbox, monkeypatch):
    context = run(settings, "running")
    events.tell_disk(context)
    assert inbox.messages == []
    monkeypatch.setenv("TRAINER_NOTIFY_DISK_GB", "1e9")
    context = run(Settings.load(), "running")
    events.tell_disk(context)
    events.tell_disk(context)
    (message,) = inbox.messages
    assert "GB are free" in message["message"]


def test_without_services_nothing_is_sent_or_marked(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv(URLS, "")
    found = Settings.load()
    assert addresses(found) == []
    events.tell_blocked(run(found, "failed"), "stashdb", None)
    assert not (tmp_path / "runs" / "week-1" / "notified").exists()
    with pytest.raises(ConfigError, match="set TRAINER_NOTIFY_URLS"):
        send_test(found)


def test_the_terminal_tests_every_service(settings, inbox, monkeypatch):
    done = CliRunner().invoke(app, ["notify", "test"])
    assert (done.exit_code, done.stdout.strip()) == (0, "service 1 (JSON): sent")
    monkeypatch.setenv(URLS, f"{inbox.url} nonsense://{SECRET}")
    done = CliRunner().invoke(app, ["notify", "test", "--json"])
    assert done.exit_code == 1
    assert [row["sent"] for row in json.loads(done.stdout)] == [True, False]
    assert SECRET not in done.output


def test_the_about_page_tests_every_service(settings, inbox, monkeypatch):
    source = "from reports.app_pages import about\nabout.show()"
    page = AppTest.from_string(source, default_timeout=60).run()
    next(b for b in page.button if b.label == "Send a test message").click().run()
    assert "sent" in page.success[0].value
    assert inbox.messages[0]["title"] == "Test of the notifications"
    inbox.status = 500
    next(b for b in page.button if b.label == "Send a test message").click().run()
    assert "did not answer" in page.error[0].value
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    assert not page.run().button


def test_a_spider_does_not_know_the_services(settings):
    from trainer.config.sources import shipped_sources

    known = shipped_sources()
    assert URLS not in crawl_environment(known["stashdb"], {URLS: SECRET, "A": "b"})
