"""Run one shard's job in the way that the settings choose."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.embedding.docker_runner import run_container
from trainer.embedding.process_runner import run_process
from trainer.embedding.shard_result import read_shard_result
from trainer.embedding.spec import container_spec
from trainer.errors import ConfigError
from trainer.reasons import reason
from trainer.staging.atomic import read_json
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import RUN_MANIFEST


def run_shard(settings: Settings, job_path: Path) -> StageManifest:
    """Embed one shard; returns its manifest.

    Raises `ConfigError` where it cannot be started, `StageFailed` where it did not complete.
    """
    refuse_a_cluster(settings)
    job = read_job(job_path)

    def forget() -> None:
        """An old report says nothing of what is started now."""
        (job.report_dir / RUN_MANIFEST).unlink(missing_ok=True)

    if settings.embedder == "docker":
        last = run_container(settings, container_spec(settings, job_path, job), forget)
    else:
        forget()
        last = run_process(settings, job_path)
    return read_shard_result(job.report_dir, last)


def refuse_a_cluster(settings: Settings) -> None:
    """Raise `ConfigError` where the embedder is a pod: only Airflow's operator starts those."""
    if settings.embedder == "kubernetes":
        raise ConfigError(
            "TRAINER_EMBEDDER=kubernetes works in Airflow only; set it to process or docker here"
        )


def read_job(job_path: Path) -> EmbedJob:
    """The job in `job_path`; raises `ConfigError` where it is none."""
    try:
        return EmbedJob.model_validate(read_json(job_path))
    except (OSError, ValidationError, ValueError) as error:
        raise ConfigError(
            f"{job_path}: not an embed job: {reason(error)}; start the build again"
        ) from None
