"""Changes of the operator's files as they are kept: `DATA_DIR/config_history/000001.json`."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.errors import DamagedFileError
from trainer.overrides.names import FileName
from trainer.overrides.proposal import diff
from trainer.reasons import reason
from trainer.staging.atomic import read_json, write_sealed
from trainer.staging.paths import DataDir

MOST_KEPT = 200  # changes
_PRIVATE = 0o600  # an address in a file may hold a password


class Entry(BaseModel):
    """One change. `before` and `after` are the whole file, None where there was none."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    number: int
    file: FileName
    at: str
    by: str
    what: str
    before: str | None
    after: str | None
    undone_at: str | None = None

    @property
    def diff(self) -> str:
        """What the change did, as `diff -u` prints it."""
        return diff(self.before, self.after)


def history(data: DataDir) -> list[Entry]:
    """All changes that are kept, newest first; raises `DamagedFileError`."""
    paths = sorted(_directory(data).glob("[0-9]*.json"), reverse=True)
    return [_read(path) for path in paths]


def keep(data: DataDir, entry: Entry) -> None:
    """Write a change, new or taken back; the oldest of too many goes."""
    path = _directory(data) / f"{entry.number:06d}.json"
    write_sealed(path, entry.model_dump(mode="json"), mode=_PRIVATE)
    for old in sorted(_directory(data).glob("[0-9]*.json"))[:-MOST_KEPT]:
        old.unlink()


def _read(path: Path) -> Entry:
    try:
        return Entry.model_validate(read_json(path))
    except (OSError, ValueError, ValidationError) as error:
        raise DamagedFileError(
            f"{path}: no change of the configuration: {reason(error)}; remove that file"
        ) from error


def _directory(data: DataDir) -> Path:
    return data.root / "config_history"
