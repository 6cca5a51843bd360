"""`_RUN.json`: written last into a stage's directory, which counts for nothing without it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from trainer.errors import DamagedFileError
from trainer.reasons import problems
from trainer.staging.atomic import read_json, sha256_file, write_sealed
from trainer.staging.error_groups import ErrorBook, StageError, grouped
from trainer.staging.paths import RUN_MANIFEST

__all__ = ["Check", "ErrorBook", "StageError", "StageManifest", "Status"]

# partial: what was read is good, but says nothing about what was not: it is added to the last
# snapshot, and changes nothing that is there already.
Status = Literal["complete", "partial", "failed", "blocked", "skipped"]


class Check(BaseModel):
    """An assertion on the outcome. A fatal one that does not hold fails the stage."""

    model_config = ConfigDict(extra="forbid")

    name: str
    ok: bool
    fatal: bool = True
    expected: str
    actual: str
    advice: str | None = Field(None, description="what to do where it does not hold")

    def failure(self) -> str:
        """Return one line for people about a check that does not hold."""
        advice = f"; {self.advice}" if self.advice else ""
        return f"{self.name}: expected {self.expected}, found {self.actual}{advice}"


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

    @field_validator("errors")
    @classmethod
    def _grouped(cls, errors: list[StageError]) -> list[StageError]:
        """Group the errors: older files list the same error once per URL."""
        return grouped(errors)

    def write(self, directory: Path) -> None:
        """Write `_RUN.json` into `directory`; call it when all parts are written."""
        write_sealed(directory / RUN_MANIFEST, self.model_dump())

    @classmethod
    def read(cls, directory: Path) -> StageManifest | None:
        """Return a directory's manifest; None where the stage never finished."""
        path = directory / RUN_MANIFEST
        if not path.exists():
            return None
        content = read_json(path)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise DamagedFileError(
                f"{path}: not a manifest: {problems(error)}; delete its folder and run again"
            ) from None

    def verify_files(self, directory: Path) -> None:
        """Raise `DamagedFileError` when a part is missing or its bytes have changed."""
        for name, digest in self.files.items():
            path = directory / name
            if not path.exists() or sha256_file(path) != digest:
                raise DamagedFileError(
                    f"{path}: missing or changed since it was written; delete its folder and run "
                    "again"
                )
