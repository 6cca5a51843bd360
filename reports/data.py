"""All reading of published files. A file that can't be read becomes a sentence, never a crash."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, NamedTuple, Protocol, TypeVar

from pydantic import BaseModel, ValidationError

from reports.figures import Evaluation, Lenient
from trainer.config.settings import Settings
from trainer.errors import DamagedFileError, TrainerError
from trainer.identity.dismissed_reviews import dismissed, still_open
from trainer.identity.reviews import Review, read_run_reviews
from trainer.reasons import reason
from trainer.release import contract
from trainer.runs.record import RecordEntry, list_records
from trainer.staging.names import older_run_id, run_id_from
from trainer.staging.paths import DataDir
from trainer.staging.stamped import Kept
from trainer.state.decisions import read_decisions

_M = TypeVar("_M", bound=BaseModel)
_VERSION_ID = re.compile(r"^\d{8}_\d{6}$")


class Manifest(Lenient):
    version: str
    created_at: str | None = None
    performer_count: int
    face_count: int
    sources: list[str] = []


class Verification(Lenient):
    ok: bool | None = None


@dataclass(frozen=True)
class Release:
    """One directory of `releases/`; `problems` names its files that can't be read."""

    version_id: str
    path: Path
    current: bool
    size: int
    manifest: Manifest | None
    evaluation: Evaluation
    verified: bool | None = None  # as `verify` found it when it was built; None: not known
    signed: bool = False
    pinned: bool = False
    file_name: str | None = None  # of the copy in DATA_DIR that a sidecar is given
    problems: list[str] = field(default_factory=list)

    @property
    def performers(self) -> int | None:
        """The number of performers with faces; None where the manifest is damaged."""
        return self.manifest.performer_count if self.manifest else None

    @property
    def faces(self) -> int | None:
        """The number of faces; None where the manifest is damaged."""
        return self.manifest.face_count if self.manifest else None

    @property
    def label(self) -> str:
        """The release's name in lists: version, id, and whether it is the current one."""
        version = self.manifest.version if self.manifest else "damaged"
        return f"{version} · {self.version_id}{' · current' if self.current else ''}"


def data_dir() -> DataDir:
    """Return the DATA_DIR of the settings."""
    return DataDir(Settings.load().data_dir)


def runs(data: DataDir) -> list[RecordEntry]:
    """Return all runs, newest first, damaged ones last."""
    return list_records(data)


class HasRunId(Protocol):
    @property
    def run_id(self) -> str: ...


_R = TypeVar("_R", bound=HasRunId)


def find_run(entries: Sequence[_R], wanted: str) -> _R | None:
    """The run by our id or by Airflow's, of which an address may have lost its plus sign; older
    trainers' names last."""
    given = (wanted, wanted.replace(" ", "+"))
    names = [*map(run_id_from, given), *map(older_run_id, given)]
    known = {entry.run_id: entry for entry in entries}
    return next((known[name] for name in names if name in known), None)


def reviews(data: DataDir, run_id: str) -> tuple[list[Review], list[str]]:
    """A run's open review items, of `resolve` and `select`, none before these; and problems."""
    try:
        items = read_run_reviews(data.run(run_id))
    except (DamagedFileError, OSError) as error:
        return [], [str(error)]
    try:
        return still_open(items, dismissed(data)), []
    except TrainerError as error:
        return items, [f"{error}; items that were left as they are are shown, too"]


def releases(data: DataDir) -> list[Release]:
    """Newest first. An interrupted publish (no such name) does not exist for readers."""
    if not data.releases.is_dir():
        return []
    current = data.current.resolve().name if data.current.exists() else None
    names = [p.name for p in data.releases.iterdir() if _VERSION_ID.match(p.name)]
    pinned = _pinned(data)
    return [
        _release(data, name, name == current, name in pinned)
        for name in sorted(names, reverse=True)
    ]


def lost_current(data: DataDir) -> str | None:
    """A sentence where `releases/current` points at a release that is not there."""
    if not data.current.is_symlink() or data.current.is_dir():
        return None
    return (
        f"{data.current}: points at {data.current.readlink()}, which is not there. Restore it, or "
        "publish a new release with `trainer build`"
    )


def _release(data: DataDir, version_id: str, current: bool, pinned: bool) -> Release:
    path = data.release(version_id)
    manifest, evaluation, verification = (
        _MANIFEST(path / contract.MANIFEST),
        _EVALUATION(path / "evaluate.json"),
        _VERIFICATION(path / "verify.json"),
    )
    link = data.performers_link(version_id)
    return Release(
        version_id,
        path,
        current,
        _size(path),
        manifest.found,
        evaluation.found or Evaluation(),
        verification.found.ok if verification.found else None,
        (path / contract.SIGNATURE).exists(),
        pinned,
        link.name if link.exists() else None,
        [read.problem for read in (manifest, evaluation) if read.problem],
    )


def _size(path: Path) -> int:
    if not path.is_dir():
        return 0
    with os.scandir(path) as found:
        return sum(entry.stat().st_size for entry in found if entry.is_file())


def _pinned(data: DataDir) -> set[str]:
    try:
        return {row[0] for row in read_decisions(data, "SELECT version_id FROM pins")}
    except TrainerError:
        return set()  # the pages that need state.db say what is wrong with it


class _Read(NamedTuple, Generic[_M]):
    """A file's content, or a sentence on why there is none."""

    found: _M | None
    problem: str | None


def _reader(model: type[_M]) -> Kept[_Read[_M]]:
    return Kept(lambda path: _read(path, model))


def _read(path: Path, model: type[_M]) -> _Read[_M]:
    try:
        return _Read(model.model_validate_json(path.read_bytes()), None)
    except FileNotFoundError:
        problem = f"{path}: missing"
    except ValidationError as error:
        where = ", ".join(".".join(map(str, e["loc"])) or "content" for e in error.errors()[:3])
        problem = f"{path}: damaged or of another format ({where})"
    except (OSError, ValueError) as error:
        problem = f"{path}: damaged ({reason(error)})"
    return _Read(None, problem)


_MANIFEST = _reader(Manifest)
_EVALUATION = _reader(Evaluation)
_VERIFICATION = _reader(Verification)
