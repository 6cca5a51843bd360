"""What loads a release, as data: `consumers/<name>.yaml`, one description per consumer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.config.yaml_file import read_mapping
from trainer.errors import ConfigError, StageFailed
from trainer.reasons import problems
from trainer.release.files import Manifest

_DESCRIPTIONS = Path(__file__).with_name("consumers")


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Files(_Model):
    """Names of what every consumer has in some form."""

    facenet: str
    arcface: str
    faces: str
    performers: str


class Fusion(_Model):
    """Distances of both models are added up, weighted; the smallest sum wins."""

    kind: Literal["fusion"]
    neighbours: int = Field(ge=1)
    weight: float = Field(ge=0, le=1)
    missing_distance: float = Field(ge=0, le=2)
    max_distance: float = Field(ge=0, le=2)


class Vote(_Model):
    """The nearest face of each model votes for its performer."""

    kind: Literal["vote"]
    neighbours: int = Field(ge=1)
    temperature: float = Field(gt=0, description="of the softmax over normalised distances")
    agreement: float = Field(ge=1, description="factor where both models vote for the same")


class Consumer(_Model):
    """One consumer of releases."""

    name: str
    title: str
    archive: str = Field(pattern=r"\{version\}", description="name of the zip")
    files: Files
    also: list[str] = Field(description="further files of the zip")
    packs: list[str] = Field(description="model packs whose vectors it searches; empty: any")
    ids: Literal["universal", "stashdb"]
    min_faces: int = Field(ge=1)
    storage: Literal["as_released", "float32", "float8", "e4m3"]
    matching: Annotated[Fusion | Vote, Field(discriminator="kind")]

    def archive_name(self, version: str) -> str:
        """The name of the zip of a release of this version."""
        return self.archive.format(version=version)

    @property
    def members(self) -> list[str]:
        """Names of all files that it is given, sorted."""
        return sorted([*self.files.model_dump().values(), *self.also])

    def require_pack(self, manifest: Manifest) -> None:
        """Raise `StageFailed` for a release whose vectors are of a space it does not search in."""
        pack = str(manifest.models.get("pack", ""))
        if self.packs and not pack.startswith(tuple(f"{name}-" for name in self.packs)):
            raise StageFailed(
                f"this release is of the model pack {pack or 'unknown'}, whose vectors "
                f"{self.name} can't search; build one with TRAINER_MODEL_PACK={self.packs[0]}"
            )


@cache
def consumers() -> dict[str, Consumer]:
    """All consumers by name; raises `ConfigError` for a bad description."""
    return {path.stem: _read(path) for path in sorted(_DESCRIPTIONS.glob("*.yaml"))}


def consumer(name: str) -> Consumer:
    """The consumer of that name; raises `ConfigError` where there is none."""
    found = consumers().get(name)
    if found is None:
        raise ConfigError(f"no consumer {name!r}; choose from {', '.join(consumers())}")
    return found


def _read(path: Path) -> Consumer:
    try:
        return Consumer.model_validate({"name": path.stem, **read_mapping(path)})
    except ValidationError as error:
        raise ConfigError(f"{path}: {problems(error)}; correct it in that file") from None
