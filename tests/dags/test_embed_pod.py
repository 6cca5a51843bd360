"""The embed task as a pod: its manifest against the API's schema, its life in a small cluster."""

from __future__ import annotations

import copy
import re

import kubernetes_validate
import pytest
import yaml

from tests.dags.conftest import ROOT
from tests.dags.dag_program import run_beside_dags
from tests.dags.fake_cluster import selects, validate
from tests.dags.pod_world import (
    RUN_DIR,
    SHARD,
    make_operator,
    prepare,
    report_of,
    task_context,
    write_job,
)
from trainer.config.settings import Settings
from trainer.embedding.pod import pod_manifest
from trainer.embedding.pod_names import pod_labels, pod_name, quantity
from trainer.embedding.runner import run_shard
from trainer.embedding.spec import container_spec
from trainer.errors import ConfigError
from trainer.pipeline.build import build

LEGAL_VALUE = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?")
LEGAL_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")


@pytest.fixture
def data(tmp_path, monkeypatch):
    return prepare(tmp_path, monkeypatch)


def _pod(**change):
    """The pod as the API server would be sent it."""
    from kubernetes.client import ApiClient

    operator = make_operator()
    operator.prepare(RUN_DIR)
    pod = operator.build_pod_request_obj(task_context(operator), dry_run=True)
    return ApiClient().sanitize_for_serialization(pod)


def _manifest(data, **change):
    settings = Settings.load()
    assert settings.kubernetes_claim is not None
    spec = container_spec(settings, report_of(data) / "job.json", write_job(data, **change))
    return pod_manifest(spec, data_dir=data, claim=settings.kubernetes_claim, namespace="media")


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_the_pod_is_one_that_the_api_takes_and_nonsense_is_not(data, device):
    write_job(data, device=device)
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
    assert container["args"] == [str(report_of(data) / "job.json")]
    assert not container.get("env") and not container.get("envFrom")
    assert not container.get("command")  # the image's own entry point, with tini


def test_the_claim_is_mounted_piece_by_piece_at_the_same_paths(data):
    pod = _manifest(data)["spec"]
    mounts = {m["mountPath"]: m for m in pod["containers"][0]["volumeMounts"]}
    tmp = mounts.pop("/tmp")  # noqa: S108 - the path in the container
    assert {path: m["readOnly"] for path, m in mounts.items()} == {
        str(data / "images"): True,
        str(data / "models/demo"): True,
        str(data / "faces/demo-0"): False,
        str(report_of(data)): False,
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
        job = write_job(data, shard=shard)
        # `run_id_from` has made directories of such names before a spec is made of them
        spec = container_spec(settings, report_of(data) / "job.json", job)
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
    spec = container_spec(Settings.load(), report_of(data) / "job.json", write_job(data))
    unbounded = spec.model_copy(update={"tmpfs": {"/tmp": "rw"}})  # noqa: S108 - the path in the container
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
    with pytest.raises(ConfigError, match="works in Airflow only; set it to process or doc"):
        build(Settings.load(), None)
    with pytest.raises(ConfigError, match="works in Airflow only"):
        run_shard(Settings.load(), report_of(data) / "job.json")


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
    chosen = {"TRAINER_EMBEDDER": embedder, "TRAINER_KUBERNETES_CLAIM": "sst-data"}
    assert run_beside_dags(code, airflow_environment, **chosen).splitlines()[-1] == said


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
