"""What SQLite says of state.db, as errors that say what to do."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from trainer.errors import DamagedFileError, RetryLater, StageFailed, TrainerError
from trainer.reasons import reason


def state_error(path: Path, error: sqlite3.DatabaseError) -> TrainerError:
    """Return the error for a person: held by another program, not writable, full, or damaged."""
    said = reason(error)
    if "locked" in said or "busy" in said:
        return RetryLater(
            f"{path} is held by another program ({said}); stop that one (a database browser), "
            "or wait, and try again"
        )
    if "readonly" in said or "unable to open" in said:
        return StageFailed(
            f"{path} can't be opened for writing ({said}); check who owns it, and that its disk is "
            "mounted writable"
        )
    if "disk" in said and "malformed" not in said:
        return StageFailed(f"{path}: {said}; free disk space, or mend the disk, and run again")
    return DamagedFileError(f"{path}: {said}; restore it from your backup")


@contextmanager
def state_errors(path: Path) -> Iterator[None]:
    """Turn SQLite's errors of the block into `TrainerError`s, all but broken constraints."""
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.DatabaseError as error:
        raise state_error(path, error) from error
