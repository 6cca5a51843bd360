"""`packs.yaml`: the lock file behind every model pack."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, model_validator

from trainer.embedding.pack import (
    DetectorRule,
    PackFile,
    PackInfo,
    RecogniserRule,
    Role,
    identity,
)
from trainer.errors import ConfigError
from trainer.reasons import reason

LOCK = Path(__file__).with_name("packs.yaml")


class FromPackage(BaseModel):
    """A file inside a published package, and what makes it a model that can be loaded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: str = Field(description="path below the directory where packages lie unpacked")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    convert: Literal["dequantize", "graphdef"]
    free_axes: dict[int, str]


class LockedFile(BaseModel):
    """One model file: its hash, its licence, and where its bytes come from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str = Field(pattern=r"^[A-Za-z0-9_.-]+\.onnx$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int | None = Field(None, ge=1, description="bytes, where the publisher says so")
    licence: str
    non_commercial: bool = False
    origin: str
    url: HttpUrl | None = None
    package: FromPackage | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> LockedFile:
        if (self.url is None) == (self.package is None):
            raise ValueError("exactly one of `url` and `package` says where the bytes come from")
        return self


class LockedPack(BaseModel):
    """One pack of the lock file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    demonstration: bool = Field(
        False, description="names nobody right in a sidecar: not for public sources"
    )
    algorithm: int
    flip_averaging: bool
    files: dict[Role, LockedFile]
    detector: DetectorRule
    arcface: RecogniserRule
    facenet: RecogniserRule

    @property
    def non_commercial(self) -> list[str]:
        """The files whose licence forbids commercial use, with that licence."""
        return [f"{f.file}: {f.licence}" for f in self.files.values() if f.non_commercial]

    @property
    def downloaded(self) -> bool:
        """Is every file fetched by URL (and none made of a package)?"""
        return all(entry.url is not None for entry in self.files.values())

    def info(self, name: str) -> PackInfo:
        """What will be written as `pack.json`."""
        content = self.model_dump(mode="json", exclude={"demonstration"})
        content["files"] = {
            role: PackFile(
                file=entry.file, sha256=entry.sha256, licence=entry.licence, origin=entry.origin
            ).model_dump()
            for role, entry in self.files.items()
        }
        return PackInfo.model_validate(
            {**content, "name": name, "pack_id": identity(name, content)}
        )


def load_lock(path: Path = LOCK) -> dict[str, LockedPack]:
    """All packs by name; raises `ConfigError` naming the key that does not fit."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        return {name: LockedPack.model_validate(entry) for name, entry in content.items()}
    except ValidationError as error:
        raise ConfigError(f"{path}: {reason(error)}; restore it from the repository") from None
