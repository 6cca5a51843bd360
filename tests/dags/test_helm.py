"""deploy/: the pod template of each queue, and the values of Airflow's Helm chart."""

from __future__ import annotations

import copy
import os
import re
import subprocess
import sys

import kubernetes_validate
import pytest
import yaml

from tests.dags.conftest import ROOT
from tests.dags.fake_cluster import validate
from trainer.config.pipeline import STEPS
from trainer.config.sources import shipped_sources
from trainer.config.variables import variables

FOLDER = ROOT / "deploy" / "pod-templates"
QUEUES = sorted({step.queue for step in STEPS})
VALUES = yaml.safe_load((ROOT / "deploy" / "helm-values.yaml").read_text())
DOCUMENTED = (ROOT / "docs" / "cluster.md").read_text()
KEYS = {s.api_key_env for s in shipped_sources().values() if s.api_key_env}
IN_THE_IMAGE = "/opt/trainer"


def template(queue: str):
    return yaml.safe_load((FOLDER / f"{queue}.yaml").read_text())


def plain(environment) -> dict[str, str]:
    return {entry["name"]: entry["value"] for entry in environment if "value" in entry}


def claims(volumes) -> set[str]:
    return {volume["persistentVolumeClaim"]["claimName"] for volume in volumes}


def test_every_queue_has_its_template_and_nothing_else_has():
    assert sorted(path.stem for path in FOLDER.iterdir()) == QUEUES


@pytest.mark.parametrize("queue", QUEUES)
def test_a_template_is_a_pod_that_the_api_takes_and_nonsense_is_not(queue):
    pod = template(queue)
    validate(pod)
    bad = copy.deepcopy(pod)
    bad["spec"]["containers"][0]["nonsense"] = True
    with pytest.raises(kubernetes_validate.ValidationError, match="nonsense"):
        validate(bad)


@pytest.mark.parametrize("queue", QUEUES)
def test_airflow_makes_a_tasks_pod_of_it(queue):
    from airflow.providers.cncf.kubernetes.pod_generator import PodGenerator

    pod = PodGenerator.deserialize_model_file(str(FOLDER / f"{queue}.yaml"))
    (container,) = pod.spec.containers
    assert container.name == "base" and pod.spec.restart_policy == "Never"
    assert pod.metadata.labels["app.kubernetes.io/component"] == queue
    assert pod.spec.security_context.run_as_non_root
    assert container.security_context.capabilities.drop == ["ALL"]
    assert container.resources.limits["memory"] == container.resources.requests["memory"]


@pytest.mark.parametrize("queue", QUEUES)
def test_what_a_template_sets_is_read_by_something_and_agrees_with_the_chart(queue):
    (container,) = template(queue)["spec"]["containers"]
    given = plain(container["env"])
    ours = {variable.name for variable in variables()}
    assert {name for name in given if not name.startswith("AIRFLOW")} <= ours
    assert not KEYS & set(given)
    charts = plain(VALUES["env"])
    assert {name: given[name] for name in charts} == charts
    assert given["AIRFLOW_HOME"] == VALUES["airflowHome"]
    core = VALUES["config"]["core"]
    assert given["AIRFLOW__CORE__DAGS_FOLDER"] == core["dags_folder"] == f"{IN_THE_IMAGE}/dags"
    assert given["AIRFLOW__CORE__PLUGINS_FOLDER"] == core["plugins_folder"]
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert mounts == {given["DATA_DIR"], given["AIRFLOW__LOGGING__BASE_LOG_FOLDER"]}
    charts_claims = claims(VALUES["volumes"]) | {VALUES["logs"]["persistence"]["existingClaim"]}
    assert claims(template(queue)["spec"]["volumes"]) == charts_claims
    assert given["TRAINER_KUBERNETES_CLAIM"] in charts_claims


def test_only_crawls_get_the_sources_keys_and_only_the_embedders_pod_may_start_another():
    secrets, tokens = {}, {}
    for queue in QUEUES:
        spec = template(queue)["spec"]
        references = spec["containers"][0]["envFrom"]
        secrets[queue] = [r["secretRef"]["name"] for r in references if "secretRef" in r]
        tokens[queue] = spec["automountServiceAccountToken"]
    assert secrets == {
        "crawl": ["stash-sense-sources"],
        "gpu": [],
        "merge": ["stash-sense-merge"],
    }
    assert tokens == {"crawl": False, "gpu": True, "merge": False}


def test_the_chart_runs_our_image_with_the_kubernetes_executor():
    assert VALUES["executor"] == "KubernetesExecutor"
    assert re.search(rf"^apache-airflow=={VALUES['airflowVersion']}$",
                     (ROOT / "requirements.in").read_text(), re.MULTILINE)  # fmt: skip
    assert "COPY deploy /deploy\n" in (ROOT / "Dockerfile").read_text()
    templates = plain(VALUES["env"])["TRAINER_POD_TEMPLATES"]
    assert templates == f"{IN_THE_IMAGE}/{FOLDER.relative_to(ROOT)}"
    assert VALUES["config"]["operators"]["default_queue"] in QUEUES


def test_every_claim_and_secret_is_on_the_page():
    text = "".join(
        path.read_text() for path in (*FOLDER.iterdir(), FOLDER.parent / "helm-values.yaml")
    )
    names = set(
        re.findall(r"\bstash-sense-(?:data|logs|sources|merge|settings|airflow|gpu)\b", text)
    )
    assert len(names) == 7
    assert [name for name in sorted(names) if f"`{name}`" not in DOCUMENTED] == []


def test_tasks_name_their_template_where_the_folder_is_set(airflow_environment):
    code = (
        "import build_performer_database as b, keep_house as k;"
        "print(b.dag.get_task('crawl').partial_kwargs['executor_config']['pod_template_file'],"
        "b.dag.get_task('publish').executor_config['pod_template_file'],"
        "k.dag.get_task('tidy').executor_config['pod_template_file'])"
    )
    path = os.pathsep.join([airflow_environment["PYTHONPATH"], str(ROOT / "dags")])
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**airflow_environment, "TRAINER_POD_TEMPLATES": "/t", "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["/t/crawl.yaml", "/t/merge.yaml", "/t/merge.yaml"]
