"""The embed task as a pod: its manifest against the API's schema, its life in a small cluster."""

from __future__ import annotations

import copy
import json
import os
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import kubernetes_validate
import pytest
import yaml

from tests.dags.conftest import ROOT
from tests.dags.fake_cluster import FakeCluster, selects, validate
from tests.embed_job import Bench, embedder_python, portraits
from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.embedding.pod import pod_labels, pod_manifest, pod_name, quantity
from trainer.embedding.runner import run_shard
from trainer.embedding.spec import container_spec
from trainer.errors import ConfigError, StageFailed
from trainer.pipeline import record
from trainer.pipeline.build import build
from trainer.pipeline.context import RunContext
from trainer.staging.manifest import StageManifest

RUN = "scheduled__2026-01-31T12:00:00+00:00"
RUN_DIR = "scheduled__2026-01-31T12-00-00-00-00"
SHARD = "000-of-001"
TIMES = {"started_at": "2026-01-31T12:00:00Z", "completed_at": "2026-01-31T12:01:00Z"}
LEGAL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
LEGAL_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@pytest.fixture
def data(tmp_path, monkeypatch):
    """A DATA_DIR with a run, its job and a record; the settings of a cluster."""
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAINER_EMBEDDER", "kubernetes")
    monkeypatch.setenv("TRAINER_KUBERNETES_CLAIM", "sst-data")
    monkeypatch.setenv("TRAINER_KUBERNETES_NAMESPACE", "media")
    for name in ("images", "models/demo"):
        (tmp_path / name).mkdir(parents=True)
    _job(tmp_path)
    with record.editing(RunContext.open(Settings.load(), RUN), TIMES["started_at"]):
        pass
    return tmp_path


def _report(data):
    return data / "runs" / RUN_DIR / "embed" / SHARD


def _job(data, **change):
    report = _report(data)
    report.mkdir(parents=True, exist_ok=True)
    job = EmbedJob.model_validate(
        {
            "run_id": RUN_DIR,
            "shard": SHARD,
            "images_dir": data / "images",
            "model_dir": data / "models/demo",
            "pack_id": "demo-0",
            "cache_dir": data / "faces/demo-0",
            "report_dir": report,
            "images": [],
            "started_at": TIMES["started_at"],
            **change,
        }
    )
    (report / "job.json").write_text(job.model_dump_json())
    return job


def _operator():
    from trainer_airflow.kubernetes import EmbedPodOperator

    return EmbedPodOperator(task_id="embed", key_name=SHARD)


def _context(operator, try_number=1):
    instance = SimpleNamespace(
        dag_id="build_performer_database",
        task_id="embed",
        map_index=0,
        try_number=try_number,
        max_tries=2,
        xcom_push=lambda **_: None,
    )
    return {"ti": instance, "run_id": RUN, "dag": SimpleNamespace(), "task": operator}


def _pod(**change):
    """The pod as the API server would be sent it."""
    from kubernetes.client import ApiClient

    operator = _operator()
    operator.prepare(RUN_DIR)
    pod = operator.build_pod_request_obj(_context(operator), dry_run=True)
    return ApiClient().sanitize_for_serialization(pod)


def _manifest(data, **change):
    settings = Settings.load()
    spec = container_spec(settings, _report(data) / "job.json", _job(data, **change))
    return pod_manifest(spec, data_dir=data, claim=settings.kubernetes_claim, namespace="media")


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_pod_is_one_that_the_api_takes_and_nonsense_is_not(data, device):
    _job(data, device=device)
    pod = _pod()
    validate(pod)
    for path in ((), ("spec",), ("spec", "containers", 0), ("spec", "securityContext")):
        bad = copy.deepcopy(pod)
        place = bad
        for key in path:
            place = place[key]
        place["nonsense"] = True
        with pytest.raises(kubernetes_validate.ValidationError, match="nonsense"):
            validate(bad)
    bad = copy.deepcopy(pod)
    bad["spec"]["activeDeadlineSeconds"] = "a day"
    with pytest.raises(kubernetes_validate.ValidationError, match="a day"):
        validate(bad)


def test_the_provider_adds_its_labels_to_our_manifest_and_changes_nothing(data):
    ours, pod = _manifest(data), _pod()
    added = set(pod["metadata"]["labels"]) - set(ours["metadata"]["labels"])
    assert added == {
        "dag_id",
        "task_id",
        "run_id",
        "map_index",
        "try_number",
        "kubernetes_pod_operator",
        "airflow_version",
    }
    for name in added:
        del pod["metadata"]["labels"][name]
    assert pod["spec"].pop("hostNetwork") is False
    assert _without_empty(pod) == _without_empty(ours)


def _without_empty(value):
    """Kubernetes takes an absent field and an empty one for the same."""
    if isinstance(value, dict):
        kept = {key: _without_empty(item) for key, item in value.items()}
        return {key: item for key, item in kept.items() if item not in ({}, [], None)}
    return [_without_empty(item) for item in value] if isinstance(value, list) else value


def test_the_pod_is_locked_down(data):
    spec = _pod()["spec"]
    (container,) = spec["containers"]
    assert spec["restartPolicy"] == "Never" and spec["activeDeadlineSeconds"] == 86400
    assert spec["automountServiceAccountToken"] is False and spec["enableServiceLinks"] is False
    assert not spec.get("hostNetwork") and "hostPID" not in spec and "hostIPC" not in spec
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] > 0 < spec["securityContext"]["runAsGroup"]
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"] == Settings.load().embedder_image
    assert container["args"] == [str(_report(data) / "job.json")]
    assert not container.get("env") and not container.get("envFrom")
    assert not container.get("command")  # the image's own entry point, with tini


def test_the_claim_is_mounted_piece_by_piece_at_the_same_paths(data):
    pod = _manifest(data)["spec"]
    mounts = {m["mountPath"]: m for m in pod["containers"][0]["volumeMounts"]}
    tmp = mounts.pop("/tmp")
    assert {path: m["readOnly"] for path, m in mounts.items()} == {
        str(data / "images"): True,
        str(data / "models/demo"): True,
        str(data / "faces/demo-0"): False,
        str(_report(data)): False,
    }
    assert all(str(data / m["subPath"]) == path for path, m in mounts.items())
    volumes = {v.pop("name"): v for v in pod["volumes"]}
    assert {m["name"] for m in mounts.values()} == {"data"}
    assert volumes.pop("data") == {"persistentVolumeClaim": {"claimName": "sst-data"}}
    assert volumes == {tmp["name"]: {"emptyDir": {"medium": "Memory", "sizeLimit": "256Mi"}}}


def test_a_gpu_is_asked_for_only_where_the_job_wants_one(data):
    memory = {"memory": "4Gi"}
    (container,) = _manifest(data)["spec"]["containers"]
    assert container["resources"] == {"requests": memory, "limits": memory}
    (container,) = _manifest(data, device="cuda")["spec"]["containers"]
    wanted = memory | {"nvidia.com/gpu": "1"}
    assert container["resources"] == {"requests": wanted, "limits": wanted}


@pytest.mark.parametrize("run", ["r1", RUN_DIR, "manual__" + "x" * 200, "UPPER_and.dots", "é"])
def test_names_and_labels_are_legal_stable_and_tell_shards_apart(data, run):
    names = set()
    for shard in (SHARD, "001-of-002"):
        settings = Settings.load()
        job = _job(data, shard=shard)
        # `run_id_from` has made directories of such names before a spec is made of them
        spec = container_spec(settings, _report(data) / "job.json", job)
        spec = spec.model_copy(update={"labels": spec.labels | {"stash-sense-trainer.run_id": run}})
        name = pod_name(spec)
        assert LEGAL_NAME.fullmatch(name) and len(name) <= 63
        assert name == pod_name(spec)
        names.add(name)
        labels = pod_labels(spec.labels)
        assert all(LEGAL_VALUE.fullmatch(v) and len(v) <= 63 for v in labels.values()), labels
        # what Airflow's own rule for label values leaves as it is
        from airflow.providers.cncf.kubernetes.pod_generator import make_safe_label_value

        assert {key: make_safe_label_value(value) for key, value in labels.items()} == labels
    assert len(names) == 2


def test_the_manifest_says_in_full_what_its_labels_had_to_hash(data):
    metadata = _manifest(data)["metadata"]
    assert metadata["annotations"]["stash-sense-trainer.data_dir"] == str(data)
    assert metadata["labels"]["stash-sense-trainer.data_dir"].startswith("sha256-")
    assert metadata["labels"]["stash-sense-trainer.shard"] == SHARD


@pytest.mark.parametrize(
    ("docker", "kubernetes"),
    [("4g", "4Gi"), ("512m", "512Mi"), ("1.5G", "1.5Gi"), ("2gb", "2Gi"), ("1048576", "1048576")],
)
def test_sizes_mean_the_same_as_in_docker(docker, kubernetes):
    from docker.utils import parse_bytes
    from kubernetes.utils.quantity import parse_quantity

    assert quantity(docker) == kubernetes
    assert parse_bytes(docker) == parse_quantity(kubernetes)


def test_what_a_pod_cannot_have_is_refused(data, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with pytest.raises(ConfigError, match="is not below DATA_DIR"):
        _manifest(data, model_dir=elsewhere)
    with pytest.raises(ConfigError, match="is not below DATA_DIR"):
        _manifest(data, model_dir=data / "models" / ".." / ".." / "elsewhere")
    with pytest.raises(ConfigError, match="no size of memory"):
        quantity("plenty")
    spec = container_spec(Settings.load(), _report(data) / "job.json", _job(data))
    unbounded = spec.model_copy(update={"tmpfs": {"/tmp": "rw"}})
    with pytest.raises(ConfigError, match="has no size"):
        pod_manifest(unbounded, data_dir=data, claim="c", namespace="n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"TRAINER_KUBERNETES_CLAIM": ""}, "needs TRAINER_KUBERNETES_CLAIM"),
        ({"TRAINER_KUBERNETES_CLAIM": "Not_A_Claim"}, "kubernetes_claim"),
        ({"TRAINER_KUBERNETES_NAMESPACE": "two words"}, "kubernetes_namespace"),
    ],
)
def test_settings_of_a_cluster_are_refused_with_a_reason(data, monkeypatch, change, said):
    for name, value in change.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=said):
        Settings.load()
    monkeypatch.setenv("TRAINER_EMBEDDER", "process")
    if change == {"TRAINER_KUBERNETES_CLAIM": ""}:
        assert Settings.load().kubernetes_claim is None


def test_without_airflow_there_is_no_pod(data):
    with pytest.raises(ConfigError, match="works in Airflow only; here it is `process` or `doc"):
        build(Settings.load(), None, print)
    with pytest.raises(ConfigError, match="works in Airflow only"):
        run_shard(Settings.load(), _report(data) / "job.json", print)


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
    StageManifest.model_validate(content).write(_report(data))
    return 0, "Completed", ""


def _execute(try_number=1):
    operator = _operator()
    return operator.execute(_context(operator, try_number))


def test_a_shard_runs_in_a_pod_and_leaves_only_its_report(data, cluster):
    assert _execute() == {"shard": SHARD, "status": "complete", "counts": {"pictures": 7}}
    (pod,) = cluster.created
    assert pod["metadata"]["namespace"] == "media"
    assert cluster.pods == {} and cluster.deleted == [pod["metadata"]["name"]]
    run = RunContext.open(Settings.load(), RUN)
    assert record.read_record(run.run.record).steps[f"embed-{SHARD}"].status == "done"
    assert run.result(f"embed-{SHARD}")["counts"] == {"pictures": 7}


def test_a_worker_that_died_finds_its_pod_and_the_pods_verdict(data, cluster):
    operator = _operator()
    operator.prepare(RUN_DIR)
    context = _context(operator)
    pod = operator.build_pod_request_obj(context)
    operator.get_or_create_pod(pod, context)  # and here the worker died
    _complete(data)  # the pod goes on, and writes its report
    cluster.program = lambda pod: (0, "Completed", "")
    assert _execute(try_number=2)["status"] == "complete"
    assert len(cluster.created) == 1 and cluster.pods == {}


def test_a_pod_that_is_over_is_replaced_and_its_report_thrown_away(data, cluster):
    operator = _operator()
    operator.prepare(RUN_DIR)
    context = _context(operator)
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


def test_too_little_memory_is_said_and_not_tried_again(data, cluster):
    cluster.program = lambda pod: (137, "OOMKilled", "")
    with pytest.raises(StageFailed, match="TRAINER_EMBEDDER_MEMORY is the limit"):
        _execute()


def test_an_evicted_pod_is_worth_another_try(data, cluster):
    from airflow.sdk.exceptions import AirflowException
    from trainer_airflow.retry import retry_policy

    cluster.program = lambda pod: (143, "Error", "stopped on request")
    with pytest.raises(AirflowException, match="returned a failure") as failure:
        _execute()
    assert not isinstance(failure.value, StageFailed)
    assert retry_policy().evaluate(failure.value, 1, 3).action.value == "default"


def test_what_an_earlier_run_left_is_removed_and_nothing_else(data, cluster):
    ours = _manifest(data)
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

    operator = _operator()

    def stop(pod):
        operator.on_kill()
        return 143, "Error", ""

    cluster.program = stop
    with pytest.raises(ApiException, match=r"\(404\)"):
        operator.execute(_context(operator))
    assert cluster.pods == {} and len(cluster.deleted) == 1


def test_the_embedder_itself_runs_as_the_pod_says(data, cluster):
    """The real program with the pod's arguments; everything it needs lies below a mount."""
    bench = Bench(data)
    shutil.copytree(bench.model_dir, data / "models/demo", dirs_exist_ok=True)
    picture = bench.add("face", portraits(("studio_portrait",))["P001/studio_portrait"])
    _job(data, images=[picture], pack_id=bench.pack_id, cache_dir=bench.cache, threads=1)

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


@pytest.mark.parametrize(
    ("embedder", "said"),
    [
        ("kubernetes", "EmbedPodOperator ['key_name'] True"),
        ("docker", "EmbedDockerOperator ['key_name'] False"),
    ],
)
def test_the_dag_has_a_pod_for_each_shard_only_where_a_cluster_is_chosen(
    airflow_environment, embedder, said
):
    code = (
        "import sys, build_performer_database as b\n"
        "task = b.dag.get_task('embed')\n"
        # Airflow itself reads what each installed provider says of itself; that loads no client
        "provider = 'airflow.providers.cncf.kubernetes.operators.pod'\n"
        "loaded = bool({'kubernetes', provider} & set(sys.modules))\n"
        "print(task.operator_class.__name__, list(task.expand_input.value), loaded)\n"
        "from airflow.serialization.serialized_objects import DagSerialization\n"
        "assert task.operator_class.__name__ in str(DagSerialization.to_dict(b.dag))\n"
    )
    chosen = {
        "TRAINER_EMBEDDER": embedder,
        "TRAINER_KUBERNETES_CLAIM": "sst-data",
        "PYTHONPATH": f"{airflow_environment['PYTHONPATH']}:{ROOT / 'dags'}",
    }
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**airflow_environment, **chosen},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == said


def test_the_policy_in_the_docs_is_legal_and_holds_for_our_pods_only(data):
    text = (ROOT / "docs" / "operations.md").read_text()
    blocks = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    documents = [d for block in blocks for d in yaml.safe_load_all(block)]
    cluster = [d for d in documents if isinstance(d, dict) and "kind" in d]
    for document in cluster:
        validate(document)
    (policy,) = [d for d in cluster if d["kind"] == "NetworkPolicy"]
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert not policy["spec"].keys() & {"ingress", "egress"}  # no rule: nothing is let through
    matched = policy["spec"]["podSelector"]["matchLabels"]
    selector = ",".join(f"{key}={value}" for key, value in matched.items())
    assert matched and selects(selector, _pod())
    assert not selects(selector, {"metadata": {"labels": {"app.kubernetes.io/name": "airflow"}}})
