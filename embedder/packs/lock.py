"""`packs.yaml`: the lock file behind every model pack."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.embedding.pack import (
    DetectorRule,
    PackFile,
    PackInfo,
    RecogniserRule,
    Role,
    identity,
)
from trainer.errors import ConfigError

LOCK = Path(__file__).with_name("packs.yaml")


class LockedFile(BaseModel):
    """A source file, the conversion it goes through and the hashes of both ends."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    file: str
    source: str
    source_sha256: str
    convert: Literal["dequantize", "graphdef"]
    free_axes: dict[int, str]
    sha256: str
    licence: str
    origin: str


class LockedPack(BaseModel):
    """One pack of the lock file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    algorithm: int
    flip_averaging: bool
    files: dict[Role, LockedFile]
    detector: DetectorRule
    arcface: RecogniserRule
    facenet: RecogniserRule

    def info(self, name: str) -> PackInfo:
        """What will be written as `pack.json`."""
        content = self.model_dump(mode="json")
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
        raise ConfigError(f"{path}: {error}") from None
