"""`_RUN.json`: the last file of a stage's directory, without which it does not exist."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from trainer.errors import DamagedFileError
from trainer.staging.atomic import read_json, sha256_file, write_json
from trainer.staging.paths import RUN_MANIFEST

# partial: what was read is good, but says nothing about what was not: it is added to the last
# snapshot, and changes nothing that is there already.
Status = Literal["complete", "partial", "failed", "blocked", "skipped"]


class StageError(BaseModel):
    """One thing that went wrong, with where; the same thing again only raises `count`."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(description="e.g. http_500, graphql, field_missing, not_an_image")
    source: str | None = None
    url: str | None = None
    field: str | None = None
    message: str
    count: int = 1


class Check(BaseModel):
    """An assertion on the outcome. A fatal one that does not hold fails the stage."""

    model_config = ConfigDict(extra="forbid")

    name: str
    ok: bool
    fatal: bool = True
    expected: str
    actual: str


class StageManifest(BaseModel):
    """What a crawl of one source or an embed of one shard leaves behind."""

    model_config = ConfigDict(extra="forbid")

    run_id: str
    stage: Literal["crawl", "embed"]
    name: str = Field(description="source key or shard")
    status: Status
    reason: str | None = None
    started_at: str
    completed_at: str
    counts: dict[str, int] = {}
    errors: list[StageError] = []
    checks: list[Check] = []
    watermark: str | None = Field(None, description="crawl: the newest `updated` seen")
    full_sweep: bool = Field(False, description="crawl: every live id of the source was seen")
    files: dict[str, str] = Field({}, description="file name -> sha256 of this stage's parts")

    def write(self, directory: Path) -> None:
        write_json(directory / RUN_MANIFEST, self.model_dump())

    @classmethod
    def read(cls, directory: Path) -> StageManifest | None:
        path = directory / RUN_MANIFEST
        return cls.model_validate(read_json(path)) if path.exists() else None

    def verify_files(self, directory: Path) -> None:
        """Raise `DamagedFileError` when a part is missing or its bytes have changed."""
        for name, digest in self.files.items():
            path = directory / name
            if not path.exists() or sha256_file(path) != digest:
                raise DamagedFileError(f"{path}: missing or changed since it was written")


class ErrorBook:
    """Collects `StageError`s, counting repeats of (kind, field, url) instead of listing them."""

    def __init__(self, limit: int = 200) -> None:
        self._limit = limit
        self._errors: dict[tuple[str, str | None, str | None], StageError] = {}
        self.by_kind: Counter[str] = Counter()

    def add(self, error: StageError) -> None:
        self.by_kind[error.kind] += error.count
        key = (error.kind, error.field, error.url)
        if key in self._errors:
            self._errors[key].count += error.count
        elif len(self._errors) < self._limit:
            self._errors[key] = error

    @property
    def total(self) -> int:
        return sum(self.by_kind.values())

    def listed(self) -> list[StageError]:
        return list(self._errors.values())
