"""The embedder's container as plain data: what Docker, or an operator, is asked to run."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.errors import ConfigError
from trainer.staging.names import with_hash

FALLBACK_UID = 10001  # runs the program where DATA_DIR belongs to root
LABEL = "stash-sense-trainer"
LONGEST_NAME = 128


class BindMount(BaseModel):
    """A directory that has the same path inside as outside."""

    model_config = ConfigDict(frozen=True)

    path: Path
    read_only: bool


class ContainerSpec(BaseModel):
    """Everything about the container but the client that starts it."""

    model_config = ConfigDict(frozen=True)

    image: str
    command: list[str]
    name: str
    labels: dict[str, str]
    mounts: list[BindMount]
    user: str
    mem_limit: str
    gpu: bool
    environment: dict[str, str] = {}
    network_mode: str = "none"
    read_only: bool = True
    tmpfs: dict[str, str] = {"/tmp": "rw,noexec,nosuid,size=256m"}  # noqa: S108 - its own
    cap_drop: list[str] = ["ALL"]
    security_opt: list[str] = ["no-new-privileges"]
    pids_limit: int = 256

    @property
    def job_label(self) -> tuple[str, str]:
        """Key and value that a container has which does exactly this job."""
        key = f"{LABEL}.job"
        return key, self.labels[key]

    @property
    def identity_labels(self) -> dict[str, str]:
        """The labels that tell containers of the same shard of the same DATA_DIR: orphans."""
        return {key: self.labels[key] for key in (f"{LABEL}.data_dir", f"{LABEL}.shard")}


def container_spec(settings: Settings, job_path: Path, job: EmbedJob) -> ContainerSpec:
    """The container for one job file. Paths must be absolute (they are mounted as they are)."""
    further = [path for place in job.further for path in (place.model_dir, place.cache_dir)]
    own = (job_path, job.images_dir, job.model_dir, job.cache_dir, job.report_dir)
    paths = (*own, *further)
    relative = [str(path) for path in paths if not path.is_absolute()]
    if relative:
        raise ConfigError(
            f"paths of an embed job must be absolute for Docker: {relative}; "
            "set DATA_DIR to an absolute path"
        )
    return ContainerSpec(
        image=settings.embedder_image,
        command=[str(job_path)],
        name=_name(settings.data_dir, job),
        labels={
            f"{LABEL}.data_dir": str(settings.data_dir),
            f"{LABEL}.shard": job.shard,
            f"{LABEL}.run_id": job.run_id,
            f"{LABEL}.job": _digest(settings.embedder_image, job),
        },
        mounts=_mounts(job_path, job),
        user=_user(settings.data_dir),
        mem_limit=settings.embedder_memory,
        gpu=job.device != "cpu",
    )


def _name(data_dir: Path, job: EmbedJob) -> str:
    """One a shard of a run of a DATA_DIR: several may share a Docker daemon."""
    identity = "\0".join((str(data_dir), job.run_id, job.shard))
    return with_hash(f"sst-embed-{job.shard}-{job.run_id}", identity, LONGEST_NAME)


def _digest(image: str, job: EmbedJob) -> str:
    """Tells containers that do the same work: the same job, by the same program."""
    return hashlib.sha256(f"{image} {job.model_dump_json()}".encode()).hexdigest()


def _mounts(job_path: Path, job: EmbedJob) -> list[BindMount]:
    """Pictures, models and the job file read-only; the face caches and the report writable."""
    writable = [job.cache_dir, *(place.cache_dir for place in job.further), job.report_dir]
    readable = [job.images_dir, job.model_dir, *(place.model_dir for place in job.further)]
    if job_path.parent != job.report_dir:
        readable.append(job_path.parent)
    return [BindMount(path=path, read_only=True) for path in readable] + [
        BindMount(path=path, read_only=False) for path in writable
    ]


def _user(data_dir: Path) -> str:
    """uid:gid of the owner of DATA_DIR, never root."""
    owner = data_dir.stat()
    if owner.st_uid == 0:
        return f"{FALLBACK_UID}:{FALLBACK_UID}"
    return f"{owner.st_uid}:{owner.st_gid}"


def prepare_directories(spec: ContainerSpec) -> None:
    """Make the writable directories; where we are root, give them to the container's user.

    Docker itself would refuse a missing bind source.
    """
    uid, gid = (int(part) for part in spec.user.split(":"))
    for mount in spec.mounts:
        if mount.read_only:
            if not mount.path.is_dir():
                raise ConfigError(
                    f"{mount.path}: missing, and the embedder needs it; run the build again"
                )
            continue
        mount.path.mkdir(parents=True, exist_ok=True)
        if os.geteuid() == 0:
            for path in (mount.path, *mount.path.glob(".lock-*"), *mount.path.glob("*.json")):
                os.chown(path, uid, gid)
