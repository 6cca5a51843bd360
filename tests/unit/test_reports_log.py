"""The live log of a run, and its Stop button."""

from __future__ import annotations

import pytest

from reports.actions.logs import MOST_BYTES, MOST_LINES, matching, tail
from tests.unit.fake_airflow import PREFIX, RUN, SECRET, configure, dag_run, serving_airflow, task
from tests.unit.reports_visit import page, spoken
from tests.unit.reports_world import HOSTILE
from trainer.runs.record import RunRecord, read_record, write_record
from trainer.staging.atomic import write_json
from trainer.staging.paths import DataDir

OF_RUN = f"{PREFIX}/dagRuns/manual__2026-11-28T10%3A00%3A00%2B00%3A00/taskInstances"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """A build in Airflow that goes on, with the log of a spider."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    configure(monkeypatch, None)
    found = DataDir(tmp_path).run(RUN)
    record = RunRecord(id=found.run_id, started_at="2026-11-28T10:00:00Z", status="running")
    found.root.mkdir(parents=True)
    write_record(found, record)
    write_json(found.origin, {"run_id": RUN})
    path = found.log("crawl-stashdb")
    path.parent.mkdir()
    path.write_text(f"one page\ntwo pages\n{HOSTILE}\n")
    return found


@pytest.fixture
def fake(run, monkeypatch):
    with serving_airflow() as server:
        configure(monkeypatch, server)
        instances = [
            task("plan", start="2026-11-28T10:00:00Z"),
            task("crawl", "stashdb", start="2026-11-28T10:01:00Z", index=0),
        ]
        answers = server.answers
        answers["GET", OF_RUN] = (200, {"task_instances": instances, "total_entries": 2})
        for name, said in {"plan": "chose a release", "crawl": "2,340 of 75,000"}.items():
            events = [{"event": said, "timestamp": "2026-11-28T10:01:02Z"}]
            answers["GET", f"{OF_RUN}/{name}/logs/1"] = (200, {"content": events})
        yield server


def log_page(run):
    return page("run", run_id=run.run_id, tab="Log")


def test_the_task_that_began_last_is_followed(run, fake):
    at = log_page(run)
    assert at.code[0].value == "10:01:02 2,340 of 75,000"
    options = at.selectbox(key="log_of").options
    assert options[1:] == ["crawl stashdb: running", "plan: running", "crawl-stashdb (file)"]
    at.selectbox(key="log_of").set_value("plan").run()
    assert at.code[0].value == "10:01:02 chose a release"


def test_a_log_is_searched(run, fake):
    at = log_page(run)
    at.selectbox(key="log_of").set_value("crawl-stashdb (file)").run()
    assert "one page" in at.code[0].value
    at.text_input(key="log_search").set_value("TWO page").run()
    assert at.code[0].value == "two pages"


def test_without_airflow_the_files_are_there_and_nothing_in_them_acts(run):
    at = log_page(run)
    assert at.code[0].value.startswith("one page\ntwo pages\n")
    assert "\u202e" not in at.code[0].value


def test_an_airflow_that_is_down_is_a_sentence_beside_the_files(run, fake):
    fake.password = "another"  # noqa: S105 - invented
    at = log_page(run)
    assert any("does not know this user or password" in w.value for w in at.warning)
    assert at.code[0].value.startswith("one page")
    assert SECRET not in str(spoken(at))


def test_a_run_without_logs_says_so(run):
    run.log("crawl-stashdb").unlink()
    assert any("Nothing has been logged" in c.value for c in log_page(run).caption)


def test_only_the_end_of_a_long_log_is_read(tmp_path):
    path = tmp_path / "long.log"
    path.write_text("a line of the log\n" * (MOST_BYTES // 10))
    lines = tail(path)
    assert set(lines) == {"a line of the log"}
    assert len(lines) < MOST_BYTES // 17
    assert len(matching(lines, "LOG line")) == MOST_LINES
    assert matching(lines, "other") == []


def test_a_build_is_stopped_from_its_page(run, fake):
    at = page("run", run_id=run.run_id)
    next(b for b in at.button if b.label == "Stop it").click().run()
    assert not at.exception
    assert "is stopped" in at.success[0].value
    assert next(body for method, _, body in fake.asked if method == "PATCH") == {"state": "failed"}
    assert read_record(run.record).status == "failed"
    assert not any(b.label == "Stop it" for b in at.button)


def test_a_run_that_failed_is_gone_on_with_from_its_page(run, fake, monkeypatch):
    record = read_record(run.record)
    record.status = "failed"
    write_record(run, record)
    path = OF_RUN.removesuffix("taskInstances") + "clear"
    fake.answers["POST", path] = (200, dag_run(RUN, "queued"))
    at = page("run", run_id=run.run_id)
    next(b for b in at.button if b.label == "Go on with this run").click().run()
    assert not at.exception, at.exception[0].value
    assert "goes on from what it has kept" in at.success[0].value
    assert fake.asked[-1][1] == path
    assert fake.asked[-1][2]["dry_run"] is False
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    assert not page("run", run_id=run.run_id).button


def test_a_viewer_has_no_button_and_a_terminals_build_is_stopped_there(run, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    assert not page("run", run_id=run.run_id).button
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    run.origin.unlink()
    at = page("run", run_id=run.run_id)
    assert not at.button
    assert any("`trainer stop` there ends it" in c.value for c in at.caption)
