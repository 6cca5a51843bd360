"""Settings of the embedder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from trainer.config.groups.base import REPO_ROOT, EmptyIsUnset, SettingsGroup

_DNS_LABEL = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$"
_DNS_NAME = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"


class EmbedderSettings(SettingsGroup):
    """Embedder"""

    embedder: Literal["process", "docker", "kubernetes"] = Field(
        "process",
        description="How the embedder runs: `process`, `docker` or, in Airflow only, `kubernetes`",
    )
    embedder_python: Path = Field(
        REPO_ROOT / ".venv-embedder" / "bin" / "python",
        description="Python of the embedder's own environment, for `process`",
    )
    embedder_image: str = Field(
        "stash-sense-trainer-embedder:latest",
        description="Its image, for `docker` and `kubernetes`",
    )
    embedder_memory: str = Field("4g", description="Memory limit of its container")
    embedder_silence: float = Field(
        900.0,
        gt=0,
        description="Seconds after which an embedder that writes no line is stopped "
        "(loading models is silent)",
    )
    docker_url: str = Field("unix://var/run/docker.sock", description="The Docker daemon")
    kubernetes_namespace: str = Field(
        "default", pattern=_DNS_LABEL, description="Where the embedder's pods run"
    )
    kubernetes_claim: Annotated[str | None, EmptyIsUnset] = Field(
        None,
        pattern=_DNS_NAME,
        max_length=253,
        validate_default=True,
        description="Needed with `kubernetes`: the PersistentVolumeClaim that holds `DATA_DIR`",
    )
    device: Literal["auto", "cpu", "cuda", "tensorrt"] = Field(
        "auto",
        description="What the models run on. `auto` takes an NVIDIA GPU where one can be used and "
        "says what it chose; `cuda` or `tensorrt` without one is an error; see "
        "[embedder](embedder.md)",
    )
    precision: Literal["fp32", "fp16"] = Field(
        "fp32", description="Of the recognition models; see [embedder](embedder.md)"
    )
    packages_dir: Path = Field(
        REPO_ROOT / "var" / "packages", description="What the pack `demo` is made of"
    )
    model_pack: str = Field(
        "sidecar",
        pattern=r"^[a-z0-9_-]+$",
        description="Folder under `DATA_DIR/models`; `trainer models fetch sidecar` fills it. "
        "`demo` is refused for public sources",
    )
    model_packs: str = Field(
        "",
        pattern=r"^([a-z0-9_-]+(,[a-z0-9_-]+)*)?$",
        description="Several packs with the same detector, e.g. `sidecar,stashface`: pictures are "
        "decoded and detected once. The first one's is the release, beside which the others' lie. "
        "Empty: `TRAINER_MODEL_PACK` alone; see [consumers](consumers.md)",
    )
    allow_demo_pack: bool = Field(
        False,
        description="Let the pack `demo` build from public sources: a database that names nobody "
        "right in a sidecar",
    )
    embed_shards: int = Field(1, ge=1, le=256, description="Embed tasks a build is cut into")
    embed_beside: int = Field(
        256,
        ge=0,
        le=100_000,
        description="Images that wait before the embedder starts beside the crawls; 0: it works "
        "after them",
    )

    @property
    def further_packs(self) -> list[str]:
        """The packs of a build beside `model_pack`, in their order."""
        listed = dict.fromkeys(name for name in self.model_packs.split(",") if name)
        return [name for name in listed if name != self.model_pack]

    @field_validator("kubernetes_claim")
    @classmethod
    def _claim_on_a_cluster(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("embedder") == "kubernetes":
            raise ValueError(
                "TRAINER_EMBEDDER=kubernetes needs TRAINER_KUBERNETES_CLAIM, the name of the "
                "PersistentVolumeClaim that holds DATA_DIR"
            )
        return value
