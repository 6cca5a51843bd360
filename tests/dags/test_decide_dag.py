"""The question to a person: asked only for candidates, with the diff, and the answer is applied."""

from types import SimpleNamespace

import pytest
from airflow.sdk.exceptions import AirflowSkipException

from trainer.pipeline.approve import Candidate


@pytest.fixture
def decide_dag():
    import decide_release

    return decide_release.dag


def context(pulled, run_id="scheduled__1"):
    ti = SimpleNamespace(xcom_pull=lambda task_ids: pulled, id="1")
    return {"ti": ti, "task_instance": ti, "params": {"run_id": run_id}}


def test_the_question_then_the_decision(decide_dag):
    assert decide_dag.schedule is None
    assert decide_dag.is_paused_upon_creation is False
    assert decide_dag.get_task("apply").upstream_task_ids == {"ask"}
    ask = decide_dag.get_task("ask")
    assert ask.options == ["Approve", "Reject", "Leave it as a candidate"]
    assert ask.defaults == ["Leave it as a candidate"]  # what happens where nobody answers
    assert ask.response_timeout.days == 30


@pytest.mark.parametrize("published", [{"published": True}, None])
def test_nobody_is_asked_of_a_published_run(build_dag, published):
    with pytest.raises(AirflowSkipException):
        build_dag.get_task("ask_for_approval").execute(context(published))


def test_a_candidate_starts_the_question(build_dag):
    from airflow.sdk.exceptions import DagRunTriggerException

    task = build_dag.get_task("ask_for_approval")
    assert task.trigger_dag_id == "decide_release"
    assert task.conf == {"run_id": "{{ dag_run.run_id }}"}
    with pytest.raises(DagRunTriggerException) as asked:
        task.execute(context({"published": False, "reason": "gate"}))
    assert asked.value.trigger_dag_id == "decide_release"


def test_the_question_shows_gate_and_diff(decide_dag, monkeypatch):
    from airflow.providers.standard.operators import hitl
    from airflow.sdk.exceptions import TaskAwaitingInput

    shown = {}
    monkeypatch.setattr(hitl, "upsert_hitl_detail", lambda **given: shown.update(given))
    found = Candidate("run", ["rank-1: too low"], ["2 performers removed", "  removed: '~~~~ X'"])
    monkeypatch.setattr("trainer.pipeline.approve.candidate", lambda _settings, _run: found)
    with pytest.raises(TaskAwaitingInput):
        decide_dag.get_task("ask").execute(context(None))
    assert shown["subject"] == "Publish the release of run run?"
    assert "- rank-1: too low" in shown["body"]
    assert "2 performers removed" in shown["body"]
    assert list(shown["params"]) == ["reason"]
    assert shown["body"].count("~~~~") == 2  # a name can't end the fence


@pytest.mark.parametrize(
    ("chosen", "reason", "done"),
    [
        ("Approve", "", "approved scheduled__1"),
        ("Reject", " a bad crawl ", "rejected scheduled__1: a bad crawl"),
        ("Reject", None, "rejected scheduled__1: rejected in Airflow"),
        ("Leave it as a candidate", "", "run scheduled__1 stays a candidate"),
    ],
)
def test_the_answer_is_applied(decide_dag, monkeypatch, chosen, reason, done):
    monkeypatch.setattr(
        "trainer.pipeline.approve.approve_run", lambda _settings, run: f"approved {run}"
    )
    monkeypatch.setattr(
        "trainer.pipeline.approve.reject_run", lambda _settings, run, why: f"rejected {run}: {why}"
    )
    given = {} if reason is None else {"reason": reason}
    answer = {"chosen_options": [chosen], "params_input": given}
    assert decide_dag.get_task("apply").execute(context(answer)) == done
