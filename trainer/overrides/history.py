"""Write changes of the operator's files, keep what was there before, and put it back."""

from __future__ import annotations

from pathlib import Path

from trainer.config.yaml_file import read_text
from trainer.errors import ConfigError
from trainer.overrides.entries import Entry, history, keep
from trainer.overrides.names import path_of
from trainer.overrides.proposal import Proposal
from trainer.staging.atomic import write_bytes
from trainer.staging.clock import iso, now
from trainer.staging.lock import short_lock
from trainer.staging.paths import DataDir


def write(data: DataDir, proposal: Proposal, by: str) -> Entry:
    """Write a proposed change whole or not at all.

    Raises `ConfigError` where the file is not any more what the proposal was made from.
    """
    path = path_of(data, proposal.file)
    with short_lock(_lock(data)):
        if read_text(path) != proposal.before:
            raise ConfigError(
                f"{path} changed meanwhile; nothing is written. Make the change again"
            )
        if proposal.after == (proposal.before or ""):
            raise ConfigError(f"{proposal.what}: it is so already; nothing to do")
        number = 1 + max((entry.number for entry in history(data)), default=0)
        entry = Entry(
            number=number,
            file=proposal.file,
            at=iso(now()),
            by=by,
            what=proposal.what,
            before=proposal.before,
            after=proposal.after,
        )
        keep(data, entry)
        _put(path, proposal.after)
        return entry


def last_change(data: DataDir) -> Entry | None:
    """The change that `undo` takes back: the newest one that was made and not taken back yet."""
    for entry in history(data):
        if entry.undone_at is None and not _never_made(data, entry):
            return entry
    return None


def undo(data: DataDir) -> Entry:
    """Put back what was there before the last change; again, before the one before it.

    Raises `ConfigError` where there is none, or where the file was changed by hand since.
    """
    with short_lock(_lock(data)):
        entry = last_change(data)
        if entry is None:
            raise ConfigError("no change is left to undo; `trainer config set` makes one")
        path = path_of(data, entry.file)
        if read_text(path) != entry.after:
            raise ConfigError(
                f"{path} was changed by hand since change {entry.number}; nothing is undone. See "
                "what it was by `trainer config history --diff`"
            )
        _put(path, entry.before)
        done = entry.model_copy(update={"undone_at": iso(now())})
        keep(data, done)
    return done


def _never_made(data: DataDir, entry: Entry) -> bool:
    """A kill came between the note in the history and the change, or the other way round."""
    text = read_text(path_of(data, entry.file))
    return text == entry.before and text != entry.after


def _put(path: Path, text: str | None) -> None:
    place = path.resolve()  # a link stays one
    if text is None:
        place.unlink(missing_ok=True)
        return
    mode = place.stat().st_mode & 0o777 if place.exists() else 0o644
    write_bytes(place, text.encode(), mode)


def _lock(data: DataDir) -> Path:
    return data.root / ".config.lock"
