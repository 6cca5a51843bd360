"""Builds in Airflow: the client and its sign-in against a small Airflow on loopback."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from typer.testing import CliRunner

from reports.actions import airflow as actions
from reports.actions.role import NotAllowed
from tests.unit.fake_airflow import (
    PREFIX,
    RUN,
    SECRET,
    client,
    configure,
    dag,
    task,
)
from trainer.cli import app
from trainer.errors import ConfigError
from trainer.services.airflow_api import AirflowError, Login, read_login
from trainer.services.airflow_client import Airflow
from trainer.services.airflow_logs import log_lines, tasks
from trainer.staging.paths import DataDir


@pytest.fixture(autouse=True)
def operator(monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    configure(monkeypatch, None)


def test_a_build_is_started_with_checked_parameters(fake_airflow):
    assert actions.start(client(fake_airflow), {"sources": ["boxone"]}, ["boxone"]) == RUN
    body = fake_airflow.asked[-1][2]
    assert body["logical_date"] is None
    assert body["conf"]["sources"] == ["boxone"]
    assert body["conf"]["max_faces_total"] == 12
    asked = len(fake_airflow.asked)
    for bad in ({"sources": ["nowhere"]}, {"max_faces_total": 0}, {"other": 1}):
        with pytest.raises(ConfigError, match="bad parameters"):
            actions.start(client(fake_airflow), bad, ["boxone"])
    assert len(fake_airflow.asked) == asked


def test_a_run_is_stopped_and_the_answer_says_how_to_go_on(fake_airflow, tmp_path):
    said = actions.stop(client(fake_airflow), DataDir(tmp_path), RUN)
    assert fake_airflow.asked[-1][0] == "PATCH"
    assert fake_airflow.asked[-1][1].endswith("?update_mask=state")
    assert fake_airflow.asked[-1][2] == {"state": "failed"}
    assert "What it fetched and embedded is kept" in said
    assert "clear the run in Airflow to go on with it" in said


def test_what_runs_and_when_the_next_build_is(fake_airflow):
    airflow = client(fake_airflow)
    assert airflow.running()[0].id == RUN
    assert airflow.next_run() == datetime(2026, 11, 29, tzinfo=UTC)
    fake_airflow.answers["GET", PREFIX] = (200, dag(is_paused=True))
    assert airflow.next_run() is None


def test_an_old_token_is_renewed_once(fake_airflow):
    airflow = client(fake_airflow)
    airflow.running()
    fake_airflow.oldest = 2
    airflow.running()
    assert fake_airflow.tokens == 2


def test_a_viewer_starts_and_stops_nothing(fake_airflow, tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    for act in (
        lambda: actions.start(client(fake_airflow), {}, []),
        lambda: actions.stop(client(fake_airflow), DataDir(tmp_path), RUN),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert fake_airflow.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, {"detail": f"boom {SECRET} token-1"}), "Airflow answered 500: boom"),
        ((403, {}), "give the user the role Op"),
        ((404, {}), "knows no such build"),
        ((302, {}), "Airflow answered 302"),
        ((200, b"<html>"), "not Airflow's API v2"),
        ((200, [1]), "not Airflow's API v2"),
        ((200, {"other": 1}), "not Airflow's API v2"),
        ((204, {}), "not Airflow's API v2"),
    ],
)
def test_refusals_are_sentences_without_secrets(fake_airflow, answer, said):
    fake_airflow.answers["GET", f"{PREFIX}/dagRuns"] = answer
    airflow = client(fake_airflow)
    with pytest.raises(AirflowError, match=said) as caught:
        airflow.running()
    assert SECRET not in str(caught.value)
    assert "token-" not in str(caught.value)


def test_a_wrong_password_and_an_airflow_that_is_down_are_told_apart(fake_airflow):
    with pytest.raises(AirflowError, match="user or password") as caught:
        client(fake_airflow, "wrong-one").running()
    assert "wrong-one" not in str(caught.value)
    with pytest.raises(AirflowError, match="does not answer; start it"):
        Airflow(Login("http://127.0.0.1:1", "ada", SECRET), seconds=2).running()
    assert SECRET not in repr(Login("http://x", "ada", SECRET))


def test_the_sign_in_comes_whole_from_the_environment_or_a_private_file(tmp_path):
    assert read_login({}) is None
    names = ("TRAINER_AIRFLOW_API", "TRAINER_AIRFLOW_USER", "TRAINER_AIRFLOW_PASSWORD")
    values = ("http://localhost:8080/", "ada", SECRET)
    whole = dict(zip(names, values, strict=True))
    assert read_login(whole) == Login("http://localhost:8080", "ada", SECRET)
    for name in names:
        with pytest.raises(ConfigError) as caught:
            read_login(whole | {name: ""})
        assert SECRET not in str(caught.value)
    for url in ("localhost", "ftp://x", "http://ada:pw@x", "http://[", "http://x:0"):
        with pytest.raises(ConfigError, match="is not one"):
            read_login(whole | {names[0]: url})
    path = tmp_path / "login.json"
    path.write_text(json.dumps(dict(zip(("url", "user", "password"), values, strict=True))))
    given = {"TRAINER_AIRFLOW_LOGIN": str(path)}
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_login(given)
    path.chmod(0o600)
    assert read_login(given) == Login("http://localhost:8080", "ada", SECRET)
    for bad in ("{", "[]", '{"url": 1}', SECRET):
        path.write_text(bad)
        with pytest.raises(ConfigError, match="write a JSON object") as caught:
            read_login(given)
        assert SECRET not in str(caught.value)


def test_the_terminal_says_when_the_next_build_is(tmp_path, fake_airflow, monkeypatch):
    configure(monkeypatch, fake_airflow)
    ask = ["status", "--data-dir", str(tmp_path)]
    assert (
        CliRunner().invoke(app, ask).stdout.strip() == "idle, next build Sun 29 Nov 2026, 00:00 UTC"
    )
    fake_airflow.password = "another"  # noqa: S105 - invented
    done = CliRunner().invoke(app, ask)
    assert done.exit_code == 0
    assert done.stdout.startswith("idle\nAirflow does not know this user or password")
    assert SECRET not in done.stdout


def test_the_tasks_that_have_begun_are_listed_with_their_logs(fake_airflow):
    of_run = f"{PREFIX}/dagRuns/manual__2026-11-28T10%3A00%3A00%2B00%3A00/taskInstances"
    instances = [
        task("plan", start="2026-11-28T10:00:00Z"),
        task("crawl", "stashdb", start="2026-11-28T10:01:00Z", index=2),
        task("resolve"),
    ]
    fake_airflow.answers["GET", of_run] = (200, {"task_instances": instances, "total_entries": 3})
    found = tasks(client(fake_airflow), RUN)
    assert [(t.label, t.state) for t in found] == [
        ("crawl stashdb", "running"),
        ("plan", "running"),
    ]
    events = [
        {"event": "first", "timestamp": "2026-11-28T10:01:02Z", "level": "info"},
        {"event": "second", "timestamp": None},
    ]
    fake_airflow.answers["GET", f"{of_run}/crawl/logs/1"] = (200, {"content": events})
    assert log_lines(client(fake_airflow), RUN, found[0]) == ["10:01:02 first", "second"]
    assert "map_index=2" in fake_airflow.asked[-1][1]
    fake_airflow.answers["GET", f"{of_run}/crawl/logs/1"] = (200, {"content": ["old", "kind\nof"]})
    assert log_lines(client(fake_airflow), RUN, found[0]) == ["old", "kind", "of"]
