"""Every task has its queue, so that on a cluster a worker gets what it is there for."""

import pytest

from tests.dags.conftest import ROOT
from tests.dags.dag_program import run_beside_dags
from trainer.config.pipeline import STEPS

EMBEDDING = {"embed", "embed_beside"}
DOWNLOADING = {"crawl", "crawl_references"}


@pytest.fixture(scope="module")
def dags():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(ROOT / "dags", safe_mode=False).dags


def test_what_asks_others_is_for_crawl_workers_and_what_embeds_for_gpu_workers():
    queues = {step.name: step.queue for step in STEPS}
    assert {name for name, queue in queues.items() if queue == "crawl"} == DOWNLOADING
    assert {name for name, queue in queues.items() if queue == "gpu"} == EMBEDDING
    pools = {step.queue: step.pool for step in STEPS}
    assert pools == {"crawl": "crawl", "gpu": "gpu", "merge": None}


def test_every_task_of_every_dag_has_its_queue(dags):
    assert len(dags) == 4
    queues: dict[str, str] = {step.name: step.queue for step in STEPS}
    for dag in dags.values():
        for task in dag.tasks:
            assert task.queue == queues.get(task.task_id, "merge"), f"{dag.dag_id}.{task.task_id}"


@pytest.mark.parametrize("embedder", ["docker", "kubernetes"])
def test_a_shard_in_a_container_has_the_gpus_queue_as_well(airflow_environment, embedder):
    code = "import build_performer_database as b; print(b.dag.get_task('embed').queue)"
    chosen = {"TRAINER_EMBEDDER": embedder, "TRAINER_KUBERNETES_CLAIM": "data"}
    assert run_beside_dags(code, airflow_environment, **chosen).split() == ["gpu"]
