"""Airflow's part alone, live: components, REST, order, failures, keys. The steps are stand-ins."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from demo.airflow import USER, AirflowServices
from demo.airflow_client import AirflowApiError, AirflowClient
from tests.dags.conftest import ROOT
from tests.waiting import DEADLINE, wait_for
from trainer.config.pipeline import STEPS
from trainer.processes.groups import members
from trainer.staging.paths import DataDir, run_id_from

DAG = "build_performer_database"
pytestmark = [pytest.mark.airflow, pytest.mark.timeout(1800)]
STUB = f"{ROOT / 'tests' / 'dags' / 'stub_pipeline'}:{ROOT}:{ROOT / 'plugins'}"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def airflow(tmp_path_factory, data):
    environment = {"PYTHONPATH": STUB, "STASHDB_API_KEY": ""}
    with AirflowServices(tmp_path_factory.mktemp("airflow"), data, env=environment) as services:
        yield services
        groups = [process.pid for process in services.supervisor.running.values()]
    assert len(groups) == 4
    assert [members([group]) for group in groups] == [[], [], [], []]


def _build(services, data, conf=None, **orders):
    """A finished run: its state, its task instances by name, and what the stand-ins noted."""
    (data / "orders.json").write_text(json.dumps(orders))
    run_id = services.client.trigger(DAG, conf)
    over = ("success", "failed")
    run = wait_for(
        lambda: (r := services.client.dag_run(DAG, run_id))["state"] in over and r, 240, every=0.5
    )
    tasks = {
        (t["task_id"], t["rendered_map_index"] or ""): t
        for t in services.client.task_instances(DAG, run_id)
    }
    directory = DataDir(data).run(run_id).root
    notes = {
        name: [json.loads(line) for line in (directory / f"{name}.jsonl").read_text().splitlines()]
        for name in ("calls", "failed")
        if (directory / f"{name}.jsonl").exists()
    }
    return run["state"], tasks, notes, run_id


def test_a_build_runs_every_step_in_order_with_its_parameters(airflow, data):
    shards = ["000-of-002", "001-of-002"]
    sites = ["babepedia", "iafd"]
    orders = {"shards": shards, "references": sites}
    state, tasks, notes, run_id = _build(airflow, data, {"min_faces": 2}, **orders)
    assert state == "success"
    steps = [call["step"] for call in notes["calls"]]
    assert {step.name for step in STEPS} == set(steps)
    beside = {step.name for step in STEPS if step.beside}
    in_turn = [name for name in dict.fromkeys(steps) if name not in beside]
    assert in_turn == [step.name for step in STEPS if not step.beside]
    assert sorted(c["key"] for c in notes["calls"] if c["key"]) == [*shards, *sites, "stashdb"]
    assert notes["calls"][0]["params"]["min_faces"] == 2
    assert {("crawl_references", site) for site in sites} < set(tasks)
    assert {("crawl", "stashdb"), *(("embed", shard) for shard in shards)} < set(tasks)
    assert tasks["embed", shards[0]]["pool"] == "gpu"
    assert "stub embed" in airflow.client.log(DAG, run_id, "embed", index=0)


DECIDE = "decide_release"
REJECT = {"chosen_options": ["Reject"], "params_input": {"reason": "a bad crawl"}}


@pytest.mark.parametrize(
    ("answer", "decided"),
    [
        ({"chosen_options": ["Approve"], "params_input": {"reason": ""}}, {"approved": True}),
        (REJECT, {"approved": False, "reason": "a bad crawl"}),
    ],
    ids=["approve", "reject"],
)
def test_a_person_is_asked_of_a_candidate_and_the_answer_applied(airflow, data, answer, decided):
    state, tasks, _, run_id = _build(airflow, data, candidate=True)
    assert state == "success"
    assert tasks["ask_for_approval", ""]["state"] == "success"
    instance = f"/dags/{DECIDE}/dagRuns/decide_{run_id}/taskInstances/ask/-1/hitlDetails"

    def asked():
        listed = airflow.client.call("GET", f"/dags/{DECIDE}/dagRuns/~/hitlDetails")
        return [
            detail
            for detail in listed["hitl_details"]
            if detail["task_instance"]["dag_run_id"] == f"decide_{run_id}"
            and detail["task_instance"]["state"] == "awaiting_input"  # people are not faster
        ]

    question = wait_for(asked, every=0.5)[0]
    assert question["response_received"] is False
    assert run_id_from(run_id) in question["subject"]
    assert "rank-1: expected at least 0.8" in question["body"]
    assert "2 performers removed" in question["body"]
    # Airflow takes an answer for a failure that comes before the scheduler knows that the worker,
    # having asked, has ended. No person is so fast; on a busy machine this test is.
    log, asking = airflow.supervisor.log_of("scheduler"), f"'ask', run_id='decide_{run_id}'"
    wait_for(
        lambda: any(
            "Received executor event" in line and asking in line
            for line in log.read_text(errors="replace").splitlines()
        ),
        every=0.5,
    )
    airflow.client.call("PATCH", instance, answer)
    run = wait_for(
        lambda: (
            (r := airflow.client.dag_run(DECIDE, f"decide_{run_id}"))["state"]
            in ("success", "failed")
            and r
        ),
        every=0.5,
    )
    logs = {
        t["task_id"]: (t["state"], airflow.client.log(DECIDE, f"decide_{run_id}", t["task_id"]))
        for t in airflow.client.task_instances(DECIDE, f"decide_{run_id}")
        if t["state"] != "success" and t["try_number"]
    }
    assert run["state"] == "success", logs
    noted = DataDir(data).run(run_id).root / "decided.jsonl"
    assert [json.loads(line) for line in noted.read_text().splitlines()] == [decided]


def test_no_pictures_to_embed_is_no_failure(airflow, data):
    state, tasks, _, _ = _build(airflow, data, shards=[])
    assert state == "success"
    assert tasks["embed", ""]["state"] == "skipped"
    assert tasks["crawl_references", ""]["state"] == "skipped"  # no reference site is switched on
    assert tasks["plan_embed", ""]["state"] == "success"


def test_a_failed_step_fails_the_run_at_once_and_is_recorded(airflow, data):
    state, tasks, notes, _ = _build(airflow, data, fail={"verify": "index and table differ"})
    assert state == "failed"
    assert tasks["verify", ""]["state"] == "failed"
    assert tasks["verify", ""]["try_number"] == 1
    assert tasks["publish", ""]["state"] == "upstream_failed"
    assert notes["failed"][0] == {"step": "verify", "message": "index and table differ"}
    assert notes["calls"][-1]["step"] == "report"


def test_a_key_from_a_connection_reaches_the_crawl_and_nothing_else(airflow, data):
    key = "invented-key-for-this-test"
    body = {"connection_id": "stashdb", "conn_type": "generic", "password": key}
    airflow.client.call("POST", "/connections", body)
    try:
        state, _, notes, run_id = _build(airflow, data)
    finally:
        airflow.client.call("DELETE", "/connections/stashdb")
    assert state == "success"
    seen = {call["step"]: call["key_length"] for call in notes["calls"]}
    assert seen.pop("crawl") == len(key)
    assert set(seen.values()) == {0}
    logs = list((airflow.home / "logs").rglob("*.log"))
    assert any(run_id in str(path) for path in logs)
    assert not [path for path in logs if key in path.read_text(errors="replace")]


@pytest.mark.parametrize(
    ("conf", "said"),
    [
        ({"minfaces": 2}, "unknown build parameters ['minfaces']"),
        ({"min_faces": "two"}, "min_faces"),
        ({"sources": ["unlisted"]}, "'unlisted' is not one of"),
        ({"max_faces_total": 201}, "201 is greater than the maximum of 200"),
    ],
)
def test_bad_parameters_are_refused_before_a_run_exists(airflow, conf, said):
    before = airflow.client.call("GET", f"/dags/{DAG}/dagRuns")["total_entries"]
    with pytest.raises(AirflowApiError) as refusal:
        airflow.client.trigger(DAG, conf)
    assert refusal.value.status == 400
    assert said in str(refusal.value)
    assert airflow.client.call("GET", f"/dags/{DAG}/dagRuns")["total_entries"] == before


def test_nothing_runs_unasked_and_nothing_failed_to_import(airflow):
    runs = airflow.client.call("GET", f"/dags/{DAG}/dagRuns")["dag_runs"]
    assert {run["run_type"] for run in runs} <= {"manual"}
    assert airflow.client.call("GET", "/importErrors")["import_errors"] == []
    assert airflow.client.call("GET", "/plugins/importErrors")["import_errors"] == []


def test_secrets_are_for_their_owner_only(airflow):
    for name in ("secrets.json", "passwords.json"):
        assert (airflow.home / name).stat().st_mode & 0o777 == 0o600


AT_ONCE = 50


class HealthWatch(threading.Thread):
    """Asks for the health again and again: the status of each answer, None for one that failed."""

    def __init__(self, services) -> None:
        super().__init__(daemon=True)
        self._services, self.over = services, threading.Event()
        self.answers: list[int | None] = []

    def run(self):
        while not self.over.wait(0.2):
            url = f"{self._services.url}/api/v2/monitor/health"
            try:
                self.answers.append(requests.get(url, timeout=DEADLINE).status_code)
            except requests.RequestException:
                self.answers.append(None)


def test_fifty_triggers_at_once_are_all_answered_and_the_health_stays_up(airflow, data):
    (data / "orders.json").write_text("{}")
    watch = HealthWatch(airflow)
    watch.start()
    with ThreadPoolExecutor(AT_ONCE) as pool:  # a client of its own for each, as in a storm
        clients = [
            AirflowClient(airflow.url, USER, airflow.secrets["password"]) for _ in range(AT_ONCE)
        ]
        ids = list(pool.map(lambda client: client.trigger(DAG, {"min_faces": 2.0}), clients))
    watch.over.set()
    watch.join()
    assert len(set(ids)) == AT_ONCE
    assert set(watch.answers) == {200}
    listed = airflow.client.call("GET", f"/dags/{DAG}/dagRuns?limit=1")["total_entries"]
    assert listed >= AT_ONCE
    wait_for(lambda: list(DataDir(data).run(ids[0]).root.glob("calls.jsonl")), 240)  # and they run
