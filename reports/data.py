"""All reading of published files. A file that can't be read becomes a sentence, never a crash."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, Field, ValidationError

from reports.figures import Evaluation, Lenient
from trainer.config.settings import Settings
from trainer.errors import DamagedFileError, TrainerError
from trainer.identity.dismissed_reviews import dismissed, still_open
from trainer.identity.reviews import Review, read_run_reviews
from trainer.reasons import reason
from trainer.runs.record import RecordEntry, RunRecord, list_records
from trainer.staging.atomic import read_json
from trainer.staging.names import older_run_id, run_id_from
from trainer.staging.paths import DataDir
from trainer.staging.progress import PROGRESS

_VERSION_ID = re.compile(r"^\d{8}_\d{6}$")


class Manifest(Lenient):
    version: str
    created_at: str | None = None
    performer_count: int
    face_count: int
    sources: list[str] = []


class Person(Lenient):
    universal_id: str | None = None
    name: str
    why: str | None = None  # of removed ones


class Pair(Lenient):
    old: Person
    new: Person


class Diff(Lenient):
    """What changed; face counts are None where only the lists of people were compared."""

    old_version: str | None = None
    added: list[Person] = []
    removed: list[Person] = []
    merged: list[Pair] = []
    renamed: list[Pair] = []
    faces_added: int | None = None
    faces_removed: int | None = None


class Figures(Lenient):
    """How far a stage is; `total` may still grow."""

    unit: str = "done"
    done: int = Field(ge=0)
    total: int = Field(ge=0)
    seconds_left: float | None = None


@dataclass(frozen=True)
class Release:
    """One directory of `releases/`; `problems` names its files that can't be read."""

    version_id: str
    path: Path
    current: bool
    size: int
    manifest: Manifest | None
    evaluation: Evaluation
    diff: Diff | None
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


def find_run(entries: list[RecordEntry], wanted: str) -> RecordEntry | None:
    """The run by our id or by Airflow's, of which an address may have lost its plus sign; older
    trainers' names last."""
    given = (wanted, wanted.replace(" ", "+"))
    names = [*map(run_id_from, given), *map(older_run_id, given)]
    known = {entry.run_id: entry for entry in entries}
    return next((known[name] for name in names if name in known), None)


def seconds_of(record: RunRecord) -> float | None:
    """Time in steps; steps beside each other count each."""
    known = [s.seconds for s in record.steps.values() if s.seconds is not None]
    return sum(known) if known else None


def progress(data: DataDir, run_id: str) -> tuple[dict[str, Figures], list[str]]:
    """Stage (its directory in the run) -> figures, for stages that report any; and problems."""
    root = data.run(run_id).root
    found: dict[str, Figures] = {}
    problems: list[str] = []
    for path in sorted([*root.glob(f"*/{PROGRESS}"), *root.glob(f"*/*/{PROGRESS}")]):
        figures = _read(path, Figures, problems)
        if figures:
            found[path.parent.relative_to(root).as_posix()] = figures
    return found, problems


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
    return [_release(data, name, name == current) for name in sorted(names, reverse=True)]


def lost_current(data: DataDir) -> str | None:
    """A sentence where `releases/current` points at a release that is not there."""
    if not data.current.is_symlink() or data.current.is_dir():
        return None
    return (
        f"{data.current}: points at {data.current.readlink()}, which is not there. Restore it, or "
        "publish a new release with `trainer build`"
    )


def _release(data: DataDir, version_id: str, current: bool) -> Release:
    path = data.release(version_id)
    problems: list[str] = []
    manifest = _read(path / "manifest.json", Manifest, problems)
    evaluation = _read(path / "evaluate.json", Evaluation, problems)
    diff = _read(path / "diff.json", Diff, problems)
    size = sum(p.stat().st_size for p in path.glob("*") if p.is_file())
    return Release(
        version_id, path, current, size, manifest, evaluation or Evaluation(), diff, problems
    )


_M = TypeVar("_M", bound=BaseModel)


def _read(path: Path, model: type[_M], problems: list[str]) -> _M | None:
    try:
        return model.model_validate(read_json(path))
    except FileNotFoundError:
        problems.append(f"{path}: missing")
    except ValidationError as error:
        where = ", ".join(".".join(map(str, e["loc"])) or "content" for e in error.errors()[:3])
        problems.append(f"{path}: damaged or of another format ({where})")
    except (OSError, ValueError) as error:
        problems.append(f"{path}: damaged ({reason(error)})")
    return None


def compare(older: Release, newer: Release) -> tuple[Diff | None, list[str]]:
    """The stored diff where `newer` follows `older`, else one by universal ids; and problems."""
    names = {older.version_id, older.manifest.version if older.manifest else None}
    if newer.diff and newer.diff.old_version in names:
        return newer.diff, []
    problems: list[str] = []
    before, after = (_people(r.path / "performers.json", problems) for r in (older, newer))
    if before is None or after is None:
        return None, problems
    both = sorted(before.keys() & after.keys())
    return Diff(
        old_version=older.version_id,
        added=_only(after, before),
        removed=_only(before, after),
        renamed=[Pair(old=before[i], new=after[i]) for i in both if before[i] != after[i]],
    ), problems


def _only(these: Mapping[str, Person], others: Mapping[str, Person]) -> list[Person]:
    return [these[i] for i in sorted(these.keys() - others.keys())]


def _people(path: Path, problems: list[str]) -> dict[str, Person] | None:
    try:
        content = read_json(path)
        return {i: Person(universal_id=i, name=p["name"]) for i, p in content.items()}
    except (OSError, ValueError, AttributeError, KeyError, TypeError) as error:
        problems.append(f"{path}: can't be compared ({reason(error)})")
        return None
