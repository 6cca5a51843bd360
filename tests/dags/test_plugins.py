"""Retries by cause, failures on record, the tab, keys, and the guard before the trigger."""

import asyncio
import json
import os
from datetime import timedelta
from types import SimpleNamespace

import pytest

from tests.dags.conftest import ROOT
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.errors import ConfigError, RetryLater, StageFailed
from trainer.staging.manifest import StageError, StageManifest
from trainer.staging.paths import DataDir


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    return Settings.load()


def _crawl(settings, status, kind):
    manifest = StageManifest(
        run_id="r1",
        stage="crawl",
        name="stashdb",
        status=status,
        started_at="2026-01-01T00:00:00Z",
        completed_at="2026-01-01T00:00:01Z",
        errors=[StageError(kind=kind, url="http://127.0.0.1/graphql", message="no")],
    )
    directory = DataDir(settings.data_dir).run("r1").staging("stashdb")
    directory.mkdir(parents=True)
    manifest.write(directory)


@pytest.mark.parametrize("kind", ["http_429", "http_503", "timeout"])
def test_a_busy_server_is_worth_another_try(settings, kind):
    from trainer_airflow.crawl import raise_if_worth_a_retry

    _crawl(settings, "failed", kind)
    with pytest.raises(RetryLater, match=kind):
        raise_if_worth_a_retry("stashdb", "r1", settings)


@pytest.mark.parametrize(
    ("status", "kind"), [("failed", "http_404"), ("failed", "http_401"), ("complete", "http_429")]
)
def test_a_missing_page_or_a_bad_key_is_not(settings, status, kind):
    from trainer_airflow.crawl import raise_if_worth_a_retry

    _crawl(settings, status, kind)
    raise_if_worth_a_retry("stashdb", "r1", settings)


def _decide(error):
    from trainer_airflow.retry import retry_policy

    decision = retry_policy().evaluate(error, 1, 3)
    return decision.action.value, decision.retry_delay


def test_the_policy_waits_as_long_as_the_server_asked():
    assert _decide(RetryLater("429", retry_after=90)) == ("retry", timedelta(seconds=90))
    assert _decide(RetryLater("429")) == ("retry", timedelta(minutes=5))
    assert _decide(RetryLater("429", retry_after=10**9)) == ("retry", timedelta(hours=6))


@pytest.mark.parametrize("error", [StageFailed("404"), ConfigError("bad key")])
def test_the_policy_fails_at_once_what_a_retry_cannot_cure(error):
    assert _decide(error) == ("fail", None)


def test_the_policy_leaves_the_rest_to_the_tasks_own_retries():
    assert _decide(ConnectionResetError()) == ("default", None)


def _context(task_id, error, key=None):
    return {
        "ti": SimpleNamespace(task_id=task_id),
        "task": SimpleNamespace(key_name=key),
        "run_id": "manual__2026-01-01T00:00:00+00:00",
        "exception": error,
    }


def test_a_failure_is_written_into_the_runs_record(settings):
    from trainer_airflow.notifier import RecordFailure

    RecordFailure().notify(_context("embed", StageFailed("no model"), key="000-of-001"))
    (path,) = DataDir(settings.data_dir).runs.glob("*/run.json")
    assert ":" not in path.parent.name
    record = json.loads(path.read_text())
    assert record["status"] == "failed"
    assert record["errors"][0]["field"] == "embed-000-of-001"
    assert record["errors"][0]["message"] == "no model"


def test_report_does_not_record_a_second_failure(settings):
    from trainer_airflow.notifier import RecordFailure

    RecordFailure().notify(_context("gate", StageFailed("below the floor")))
    RecordFailure().notify(_context("report", StageFailed("the run failed")))
    (path,) = DataDir(settings.data_dir).runs.glob("*/run.json")
    assert [e["field"] for e in json.loads(path.read_text())["errors"]] == ["gate"]


def test_a_key_comes_from_the_connection_only_when_the_environment_has_none(settings, monkeypatch):
    from trainer_airflow import crawl

    from trainer.config.sources import load_sources

    variable = load_sources(settings.data_dir)["stashdb"].api_key_env
    assert variable is not None
    monkeypatch.setattr(crawl, "_connection_password", lambda source: f"secret of {source}")
    monkeypatch.delenv(variable, raising=False)
    with crawl.source_key("stashdb", settings):
        assert os.environ[variable] == "secret of stashdb"
    assert variable not in os.environ
    monkeypatch.setenv(variable, "from the environment")
    with crawl.source_key("stashdb", settings):
        assert os.environ[variable] == "from the environment"
    assert os.environ[variable] == "from the environment"


def test_the_reports_are_a_page_and_a_tab_of_each_run():
    from trainer_airflow.views import report_views

    nav, run = report_views("http://127.0.0.1:8501/")
    assert (nav["destination"], run["destination"]) == ("nav", "dag_run")
    assert run["href"] == "http://127.0.0.1:8501/?dag_id={DAG_ID}&run_id={RUN_ID}"
    with pytest.raises(ConfigError, match="TRAINER_REPORTS_URL"):
        report_views("javascript:alert(1)")


def test_the_plugin_loader_runs_one_file_only():
    from airflow.plugins_manager import _get_plugins

    plugins, errors = _get_plugins()
    assert errors == {}
    ours = [plugin for plugin in plugins if plugin.name == "stash_sense_trainer"]
    assert [str(plugin.source) for plugin in ours] == ["$PLUGINS_FOLDER/stash_sense_plugin.py"]
    assert (ROOT / "plugins" / ".airflowignore").read_text().endswith("trainer_airflow/\n")


def _post(body, path="/api/v2/dags/build_performer_database/dagRuns", method="POST"):
    """(status, detail) of the guard's own answer, or ("passed", what the API then read)."""
    from trainer_airflow.guard import TriggerGuard

    sent, passed = [], []

    async def api(scope, receive, send):
        passed.append((await receive())["body"])

    async def receive():
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message):
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path}
    asyncio.run(TriggerGuard(api)(scope, receive, send))
    if passed:
        return "passed", passed[0]
    return sent[0]["status"], json.loads(sent[1]["body"])["detail"]


def test_unknown_names_are_refused_before_a_run_exists():
    status, detail = _post(json.dumps({"conf": {"min_faces": 2, "minfaces": 3}}).encode())
    assert status == 400
    assert "['minfaces']" in detail
    assert all(name in detail for name in BuildParams.model_fields)


@pytest.mark.parametrize(
    "body", [b'{"conf": {"min_faces": 2}}', b'{"conf": {}}', b"{}", b"nonsense", b"[1]"]
)
def test_other_requests_reach_the_api_unchanged(body):
    assert _post(body) == ("passed", body)


def test_other_dags_are_not_the_guards_business():
    body = b'{"conf": {"other": 1}}'
    assert _post(body, path="/api/v2/dags/another/dagRuns") == ("passed", body)


def test_a_body_without_end_is_refused():
    assert _post(b"x" * 1_000_001)[0] == 413
