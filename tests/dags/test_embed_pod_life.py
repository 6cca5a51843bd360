"""The life of the embedder's pod in a small cluster: its verdict, its retries, its leftovers."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess

import pytest

from tests.dags.conftest import ROOT
from tests.dags.fake_cluster import FakeCluster, refusal
from tests.dags.pod_world import (
    RUN,
    RUN_DIR,
    SHARD,
    TIMES,
    make_operator,
    prepare,
    report_of,
    task_context,
    write_job,
)
from tests.embed_job import Bench, embedder_python, portraits
from trainer.config.settings import Settings
from trainer.errors import ConfigError, RetryLater, StageFailed
from trainer.runs.context import RunContext
from trainer.runs.record import read_record
from trainer.staging.manifest import StageManifest


@pytest.fixture
def data(tmp_path, monkeypatch):
    return prepare(tmp_path, monkeypatch)


@pytest.fixture
def cluster(data, tmp_path_factory, monkeypatch):
    """A cluster whose embedder completes; `cluster.program` can be another one."""
    home = tmp_path_factory.mktemp("cluster")
    with FakeCluster(lambda pod: _complete(data)) as running:
        extra = {"kube_config_path": str(running.kubeconfig(home / "config"))}
        connection = {"conn_type": "kubernetes", "extra": extra}
        monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", json.dumps(connection))
        yield running


def _complete(data, status="complete", **change):
    manifest = {"run_id": RUN_DIR, "stage": "embed", "name": SHARD, "status": status}
    content = {**manifest, **TIMES, "counts": {"pictures": 7}, **change}
    StageManifest.model_validate(content).write(report_of(data))
    return 0, "Completed", ""


def _execute(try_number=1):
    operator = make_operator()
    return operator.execute(task_context(operator, try_number))


def test_a_shard_runs_in_a_pod_and_leaves_only_its_report(data, cluster):
    assert _execute() == {"shard": SHARD, "status": "complete", "counts": {"pictures": 7}}
    (pod,) = cluster.created
    assert pod["metadata"]["namespace"] == "media"
    assert cluster.pods == {} and cluster.deleted == [pod["metadata"]["name"]]
    run = RunContext.open(Settings.load(), RUN)
    assert read_record(run.run.record).steps[f"embed-{SHARD}"].status == "done"
    result = run.result(f"embed-{SHARD}")
    assert result is not None and result["counts"] == {"pictures": 7}


def test_a_worker_that_died_finds_its_pod_and_the_pods_verdict(data, cluster):
    operator = make_operator()
    operator.prepare(RUN_DIR)
    context = task_context(operator)
    pod = operator.build_pod_request_obj(context)
    operator.get_or_create_pod(pod, context)  # and here the worker died
    _complete(data)  # the pod goes on, and writes its report
    cluster.program = lambda pod: (0, "Completed", "")
    assert _execute(try_number=2)["status"] == "complete"
    assert len(cluster.created) == 1 and cluster.pods == {}


def test_a_pod_that_is_over_is_replaced_and_its_report_thrown_away(data, cluster):
    operator = make_operator()
    operator.prepare(RUN_DIR)
    context = task_context(operator)
    operator.get_or_create_pod(operator.build_pod_request_obj(context), context)
    (old,) = cluster.pods.values()
    cluster.run(old)
    assert old["status"]["phase"] == "Succeeded"
    cluster.program = lambda pod: (0, "Completed", "")  # ends well, and reports nothing
    with pytest.raises(StageFailed, match="left no report"):
        _execute(try_number=2)
    assert len(cluster.created) == 2 and cluster.pods == {}


def test_an_old_report_is_no_verdict(data, cluster):
    _complete(data)
    cluster.program = lambda pod: (1, "Error", "loading\nerror: disk is full\n")
    with pytest.raises(StageFailed, match="left no report; it last said: error: disk is full"):
        _execute()
    assert cluster.pods == {}


def test_a_report_of_failure_is_a_failure_whatever_the_exit_code(data, cluster):
    cluster.program = lambda pod: _complete(data, status="failed", reason="no face model")
    with pytest.raises(StageFailed, match="the embedder failed: no face model"):
        _execute()


def test_a_complete_report_counts_though_the_pod_was_lost_after_it(data, cluster):
    cluster.program = lambda pod: (_complete(data)[0] + 137, "Error", "")
    assert _execute()["status"] == "complete"


def test_too_little_memory_is_said_and_tried_again_in_smaller_batches(data, cluster):
    cluster.program = lambda pod: (137, "OOMKilled", "")
    for batch in (16, 8):
        said = rf"TRAINER_EMBEDDER_MEMORY is the limit\): batches of {batch} did not fit into 4g"
        with pytest.raises(RetryLater, match=said):
            _execute()
    cluster.program = lambda pod: _complete(data)
    assert _execute()["status"] == "complete"


def test_an_evicted_pod_is_worth_another_try(data, cluster):
    from airflow.sdk.exceptions import AirflowException
    from trainer_airflow.retry import retry_policy

    cluster.program = lambda pod: (143, "Error", "stopped on request")
    with pytest.raises(AirflowException, match="returned a failure") as failure:
        _execute()
    assert not isinstance(failure.value, StageFailed)
    assert retry_policy().evaluate(failure.value, 1, 3).action.value == "default"


@pytest.mark.parametrize(
    ("status", "message", "said"),
    [
        (
            403,
            "pods is forbidden: User 'airflow' cannot create",
            "does not allow.*media.*cannot cr",
        ),
        (422, "Pod is invalid: spec.nonsense", "does not take the embedder's pod: Pod is invalid"),
        (404, "namespaces 'media' not found", "'media' not found; create it, or set TRAINER_KUB"),
    ],
)
def test_a_refusal_says_what_to_do_and_is_final(data, cluster, monkeypatch, status, message, said):
    monkeypatch.setattr(cluster, "create", lambda *_: refusal(status, message))
    with pytest.raises(ConfigError, match=said):
        _execute()


def test_a_full_quota_is_worth_another_try(data, cluster, monkeypatch):
    from kubernetes.client.exceptions import ApiException

    message = "pods 'x' is forbidden: exceeded quota: gpus"
    monkeypatch.setattr(cluster, "create", lambda *_: refusal(403, message))
    with pytest.raises(ApiException):
        _execute()


def test_without_a_cluster_or_a_claim_it_is_said_what_is_missing(data, monkeypatch, tmp_path):
    monkeypatch.setenv("AIRFLOW_CONN_KUBERNETES_DEFAULT", json.dumps({"conn_type": "kubernetes"}))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "none"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(
        ConfigError, match=r"no way to the cluster.*kubernetes_default a kubeconfig"
    ):
        _execute()
    monkeypatch.setenv("TRAINER_EMBEDDER", "docker")  # another environment than the scheduler's
    monkeypatch.delenv("TRAINER_KUBERNETES_CLAIM")
    with pytest.raises(ConfigError, match="not set where this task runs"):
        _execute()


def test_what_an_earlier_run_left_is_removed_and_nothing_else(data, cluster):
    operator = make_operator()
    operator.prepare(RUN_DIR)
    ours = operator.pod_template_dict
    names = {}
    for name, change in {
        "orphan": {"stash-sense-trainer.run_id": "an-earlier-one"},
        "other-shard": {"stash-sense-trainer.shard": "001-of-002"},
        "other-data": {"stash-sense-trainer.data_dir": "sha256-0"},
        "stranger": {"app.kubernetes.io/name": "stranger"},
    }.items():
        pod = copy.deepcopy(ours)
        earlier = {"stash-sense-trainer.run_id": "an-earlier-one"}
        pod["metadata"]["labels"] |= earlier | change
        pod["metadata"]["name"] = names[name] = name
        assert cluster.create("media", pod)[0] == 201
    _execute()
    assert set(cluster.pods) == set(names) - {"orphan"}


def test_a_stopped_task_takes_its_pod_with_it(data, cluster):
    from kubernetes.client.exceptions import ApiException

    operator = make_operator()

    def stop(pod):
        operator.on_kill()
        return 143, "Error", ""

    cluster.program = stop
    with pytest.raises(ApiException, match=r"\(404\)"):
        operator.execute(task_context(operator))
    assert cluster.pods == {} and len(cluster.deleted) == 1


def test_the_embedder_itself_runs_as_the_pod_says(data, cluster):
    """The real program with the pod's arguments; everything it needs lies below a mount."""
    bench = Bench(data)
    shutil.copytree(bench.model_dir, data / "models/demo", dirs_exist_ok=True)
    image = bench.add("face", portraits(("studio_portrait",))["P001/studio_portrait"])
    write_job(data, images=[image], pack_id=bench.pack_id, cache_dir=bench.cache, threads=1)

    def program(pod):
        (container,) = pod["spec"]["containers"]
        done = subprocess.run(
            [embedder_python(), "-m", "embedder", *container["args"]],
            check=False,
            cwd=ROOT,
            env={key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
            capture_output=True,
            text=True,
        )
        return done.returncode, "Completed", done.stdout + done.stderr

    cluster.program = program
    counts = _execute()["counts"]
    assert counts["pictures"] == 1 and counts["faces"] == 1
    assert bench.table().num_rows == 1
