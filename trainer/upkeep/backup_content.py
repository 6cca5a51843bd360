"""What a backup holds: its manifest, and which files of a DATA_DIR belong into it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.errors import DamagedFileError
from trainer.release.files import current_id
from trainer.staging.paths import DataDir
from trainer.state.store import read_snapshots, reading

MANIFEST = "backup.json"
STATE = "state.db"
PREFIX = "stash-sense-backup-"
FORMAT = 1
_HASH = r"^[0-9a-f]{64}$"
# Nothing else is ever written by a restore.
NAMES = re.compile(
    r"(state\.db|\w+\.yaml|config_history/\d+\.json"
    r"|runs/[\w.-]+/(run|plan|origin)\.json"
    r"|runs/[\w.-]+/snapshot/\w+/(performers|images)\.parquet"
    r"|faces/[\w.-]+/part-[\w.-]+\.parquet|releases/\d{8}_\d{6}/[\w.-]+)"
)


class BackupManifest(BaseModel):
    """`backup.json`: every file with its sha256, what was left out, and keys by name only."""

    model_config = ConfigDict(extra="forbid")

    format: int = FORMAT
    created_at: str
    state_version: int
    release: str | None = Field(None, description="the current release")
    faces: bool = False
    releases: bool = False
    keys: list[str] = Field([], description="variables and files with secrets, not copied")
    files: dict[str, str] = Field({}, description="name below DATA_DIR -> sha256")


def state_version(path: Path) -> int:
    """The version of a state.db; 0 where there is none."""
    with reading(path) as db:
        return 0 if db is None else int(db.execute("PRAGMA user_version").fetchone()[0])


def secret_names(settings: Settings) -> list[str]:
    """What has to be set again after a restore: names only."""
    sources = load_sources(settings.data_dir).values()
    names = sorted(source.api_key_env for source in sources if source.api_key_env)
    return [*names, f"the file {settings.signing_key}"] if settings.signing_key else names


def names_to_copy(data: DataDir, state: Path, *, faces: bool, releases: bool) -> list[str]:
    """Return the files below DATA_DIR that belong to `state`, a copy of its state.db.

    Raises `DamagedFileError` where a snapshot of it is not there (any more).
    """
    paths = [*sorted(data.root.glob("*.yaml")), *sorted(data.root.glob("config_history/*.json"))]
    for name in ("origin.json", "plan.json", "run.json"):
        paths += sorted(data.runs.glob(f"*/{name}"))
    paths += _snapshots(data, state)
    if faces:
        paths += sorted(data.root.glob("faces/*/part-*.parquet"))
    if releases:
        paths += _releases(data, state)
    names = [path.relative_to(data.root).as_posix() for path in paths if path.is_file()]
    return [name for name in names if NAMES.fullmatch(name)]


def _snapshots(data: DataDir, state: Path) -> Iterator[Path]:
    for source, row in read_snapshots(state).items():
        directory = data.run(row.run_id).snapshot(source)
        if not (directory / "performers.parquet").exists():
            raise DamagedFileError(
                f"{directory}: the last snapshot of {source} is not there; `trainer repair` says "
                "what to do about it"
            )
        yield from sorted(directory.glob("*.parquet"))


def _releases(data: DataDir, state: Path) -> Iterator[Path]:
    """The current release and pinned ones."""
    with reading(state) as db:
        pinned = [] if db is None else db.execute("SELECT version_id FROM pins").fetchall()
    for name in sorted({row[0] for row in pinned} | {current_id(data) or ""} - {""}):
        yield from sorted(path for path in data.release(name).rglob("*") if path.is_file())
