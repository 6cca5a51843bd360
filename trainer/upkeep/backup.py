"""Backups: what can't be made again, consistent also while a build runs."""

from __future__ import annotations

import logging
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from trainer.config.settings import Settings
from trainer.errors import DamagedFileError, StageFailed
from trainer.exclusions.list_file import bring_in
from trainer.release.files import current_id
from trainer.staging.atomic import TEMPORARY
from trainer.staging.clock import iso, version_id
from trainer.staging.paths import DataDir
from trainer.state.errors import state_errors
from trainer.state.guard import refuse_new_state
from trainer.state.read_only import PATIENCE
from trainer.upkeep.backup_content import (
    MANIFEST,
    PREFIX,
    STATE,
    BackupManifest,
    names_to_copy,
    secret_names,
    state_version,
)
from trainer.upkeep.backup_writer import Writer, backup_writer

log = logging.getLogger(__name__)

Form = Literal["tar", "folder"]
_TRIES = 3  # a release that is published meanwhile takes older snapshots away


@dataclass(frozen=True)
class BackedUp:
    """A finished backup, and which older ones went."""

    path: Path
    files: int
    bytes: int
    keys: list[str]
    removed: list[str]

    def lines(self) -> list[str]:
        """For people."""
        gone = f"; {len(self.removed)} older backups deleted" if self.removed else ""
        lines = [f"{self.path}: {self.files} files, {self.bytes / 1e6:.1f} MB{gone}"]
        if self.keys:
            lines.append(f"not copied, keep them elsewhere: {', '.join(self.keys)}")
        return lines


def back_up(
    settings: Settings,
    moment: datetime,
    *,
    to: Path | None = None,
    form: Form = "tar",
    faces: bool = False,
    releases: bool = False,
    keep: int | None = None,
) -> BackedUp:
    """Write a backup into the folder `to` (default: the setting) and keep the newest `keep` there.

    `faces`: the face cache, too; `releases`: the current release and pinned ones, too.
    """
    data = DataDir(settings.data_dir)
    refuse_new_state(data.state_db)
    bring_in(data)  # so that exclusions.yaml and state.db of the backup say the same
    folder = to or settings.backup_dir or data.root / "backups"
    target = _free(folder, moment, form)
    for number in range(1, _TRIES + 1):
        try:
            manifest = _write(settings, data, target, moment, faces=faces, releases=releases)
            break
        except (FileNotFoundError, DamagedFileError) as error:
            if number == _TRIES:
                raise
            log.info(f"backup: begun again, as a build changed what it copies ({error})")
    removed = retain_backups(folder, settings.keep_backups if keep is None else keep)
    size = sum(path.stat().st_size for path in _files_below(target))
    return BackedUp(target, len(manifest.files), size, manifest.keys, removed)


def backups_in(folder: Path) -> list[Path]:
    """The finished backups of a folder, oldest first."""
    return sorted(folder.glob(f"{PREFIX}*")) if folder.is_dir() else []


def retain_backups(folder: Path, keep: int) -> list[str]:
    """Delete the oldest backups beyond `keep` (0 keeps all); return their names."""
    gone = backups_in(folder)[:-keep] if keep else []
    for path in gone:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    return [path.name for path in gone]


def copy_state(source: Path, target: Path) -> None:
    """A consistent copy of a database that others may be writing."""
    with (
        state_errors(source),
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, timeout=PATIENCE)) as db,
        closing(sqlite3.connect(target)) as copy,
    ):
        db.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file


def _write(
    settings: Settings,
    data: DataDir,
    target: Path,
    moment: datetime,
    *,
    faces: bool,
    releases: bool,
) -> BackupManifest:
    """state.db first: what it names is looked up in the copy of it."""
    with TemporaryDirectory(prefix=f"{TEMPORARY}backup-", dir=data.root) as scratch:
        state = Path(scratch) / STATE
        if data.state_db.exists():
            copy_state(data.state_db, state)
        manifest = BackupManifest(
            created_at=iso(moment),
            state_version=state_version(state),
            release=current_id(data),
            faces=faces,
            releases=releases,
            keys=secret_names(settings),
        )
        names = names_to_copy(data, state, faces=faces, releases=releases)
        with backup_writer(target) as writer:
            if state.exists():
                manifest.files[STATE] = writer.add(STATE, state)
            _add_all(writer, data, names, manifest)
            writer.add_bytes(MANIFEST, manifest.model_dump_json(indent=2).encode())
    return manifest


def _add_all(writer: Writer, data: DataDir, names: list[str], manifest: BackupManifest) -> None:
    for name in names:
        try:
            manifest.files[name] = writer.add(name, data.root / name)
        except FileNotFoundError:
            if not name.startswith("faces/"):  # a purge takes parts away, and that is right
                raise


def _free(folder: Path, moment: datetime, form: Form) -> Path:
    suffix = ".tar" if form == "tar" else ""
    target = folder / f"{PREFIX}{version_id(moment)}{suffix}"
    if target.exists():
        raise StageFailed(f"{target} is there already; try again in a second")
    return target


def _files_below(path: Path) -> list[Path]:
    return [p for p in path.rglob("*") if p.is_file()] if path.is_dir() else [path]
