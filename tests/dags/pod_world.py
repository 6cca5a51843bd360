"""What the tests of the embedder's pod share: a DATA_DIR with one shard's job, the operator."""

from __future__ import annotations

from types import SimpleNamespace

from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.runs import update as run_record
from trainer.runs.context import RunContext

RUN = "scheduled__2026-01-31T12:00:00+00:00"
RUN_DIR = "scheduled__2026-01-31T12-00-00-00-00"
SHARD = "000-of-001"
TIMES = {"started_at": "2026-01-31T12:00:00Z", "completed_at": "2026-01-31T12:01:00Z"}


def prepare(root, monkeypatch):
    """A DATA_DIR with a run, its job and a record; the settings of a cluster."""
    monkeypatch.setenv("DATA_DIR", str(root))
    monkeypatch.setenv("TRAINER_EMBEDDER", "kubernetes")
    monkeypatch.setenv("TRAINER_KUBERNETES_CLAIM", "sst-data")
    monkeypatch.setenv("TRAINER_KUBERNETES_NAMESPACE", "media")
    for name in ("images", "models/demo"):
        (root / name).mkdir(parents=True)
    write_job(root)
    with run_record.editing(RunContext.open(Settings.load(), RUN), TIMES["started_at"]):
        pass
    return root


def report_of(data):
    return data / "runs" / RUN_DIR / "embed" / SHARD


def write_job(data, **change):
    report = report_of(data)
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


def make_operator():
    from trainer_airflow.kubernetes import EmbedPodOperator

    return EmbedPodOperator(task_id="embed", key_name=SHARD)


def task_context(operator, try_number=1):
    instance = SimpleNamespace(
        dag_id="build_performer_database",
        task_id="embed",
        map_index=0,
        try_number=try_number,
        max_tries=2,
        xcom_push=lambda **_: None,
    )
    return {"ti": instance, "run_id": RUN, "dag": SimpleNamespace(), "task": operator}
