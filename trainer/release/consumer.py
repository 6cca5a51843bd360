"""What loads a release, as data: `consumers/<name>.yaml`, one description per consumer."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.config.yaml_file import read_mapping
from trainer.errors import ConfigError, StageFailed
from trainer.reasons import problems
from trainer.release.files import Manifest, pack_releases, read_manifest

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
    boost: float = Field(ge=1, description="factor of every score, which ends at 1")


class Consumer(_Model):
    """One consumer of releases."""

    name: str
    title: str
    archive: str = Field(pattern=r"\{version\}", description="name of the zip")
    files: Files
    also: list[str] = Field(description="further files of the zip")
    packs: list[str] = Field(
        description="model packs whose vectors it searches, and whose releases are measured by its "
        "matching; empty: any"
    )
    also_packs: list[str] = Field(description="further packs whose releases may be exported")
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
        if self.packs and not any(_is_of(pack, name) for name in [*self.packs, *self.also_packs]):
            raise StageFailed(
                f"this release is of the model pack {pack or 'unknown'}, whose vectors "
                f"{self.name} can't search; build one with {self.packs[0]} in TRAINER_MODEL_PACKS"
            )

    def release_in(self, directory: Path) -> Path:
        """The release that is for this consumer: `directory`, or one of a further pack in it."""
        there = [directory, *pack_releases(directory)]
        for name in self.packs:
            for release in there:
                if _is_of(str(read_manifest(release).models.get("pack", "")), name):
                    return release
        return directory


def _is_of(pack_id: str, name: str) -> bool:
    """Is it the id of the pack `name`, or of one that was assembled by its rules?"""
    return pack_id.startswith(f"{name}-")


def measured_for(pack_id: str) -> Consumer:
    """The consumer by whose matching a release of this pack is measured."""
    found = [c for c in consumers().values() if any(_is_of(pack_id, name) for name in c.packs)]
    return found[0] if found else consumer("sidecar")


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
