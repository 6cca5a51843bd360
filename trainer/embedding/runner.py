"""Run one shard's job in the way that the settings choose."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.embedding.docker_gone import RETRY_SECONDS
from trainer.embedding.docker_runner import run_container
from trainer.embedding.process_runner import KILLED, run_process
from trainer.embedding.shard_result import read_shard_result
from trainer.embedding.spec import container_spec
from trainer.errors import ConfigError, RetryLater, StageFailed
from trainer.processes.memory import memory_limit
from trainer.reasons import reason
from trainer.staging.atomic import read_json, write_sealed
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import RUN_MANIFEST


def run_shard(settings: Settings, job_path: Path) -> StageManifest:
    """Embed one shard; returns its manifest.

    Raises `ConfigError` where it cannot be started, `StageFailed` where it did not complete: a
    `RetryLater` where the next attempt has more of a chance.
    """
    refuse_a_cluster(settings)
    job = read_job(job_path)

    def forget() -> None:
        """An old report says nothing of what is started now."""
        (job.report_dir / RUN_MANIFEST).unlink(missing_ok=True)

    if settings.embedder == "docker":
        last = run_container(settings, container_spec(settings, job_path, job), forget)
        limit = settings.embedder_memory
    else:
        forget()
        last = run_process(settings, job_path)
        limit = f"{memory_limit() // 1_000_000:,} MB"
    return result_of(job_path, job, last, limit)


def result_of(job_path: Path, job: EmbedJob, last: str, limit: str) -> StageManifest:
    """The manifest of a complete shard, by what its program last said.

    Where that was killed for more memory than `limit`, the next attempt at the job takes smaller
    batches, and what is raised is a `RetryLater`. Raises `StageFailed` for what did not complete.
    """
    if KILLED not in last:
        return read_shard_result(job.report_dir, last)
    smaller = _with_less_memory(job)
    write_sealed(job_path, smaller.model_dump(mode="json"))
    try:
        return read_shard_result(job.report_dir, f"{last}: {_did_not_fit(job, smaller, limit)}")
    except StageFailed as error:
        if smaller == job:
            raise
        raise RetryLater(str(error), RETRY_SECONDS) from None


def _with_less_memory(job: EmbedJob) -> EmbedJob:
    """The job as the next attempt does it; its parts so far stay."""
    return job.model_copy(update={"batch": max(1, job.batch // 2), "decoders": 1})


def _did_not_fit(job: EmbedJob, smaller: EmbedJob, limit: str) -> str:
    if smaller == job:
        return f"pictures one at a time did not fit into {limit}; give it more memory"
    return (
        f"batches of {job.batch} did not fit into {limit}; the next attempt takes batches of "
        f"{smaller.batch}"
    )


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
