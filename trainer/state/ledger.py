"""Rows of state.db's `image_ledger` that retention adds, looks at and deletes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from trainer.staging.clock import iso
from trainer.staging.paths import DataDir
from trainer.state.changes import LedgerRow
from trainer.state.decisions import deciding
from trainer.state.store import reading

_COLUMNS = tuple(LedgerRow.__dataclass_fields__)
_ADD = (
    f"INSERT OR IGNORE INTO image_ledger ({', '.join(_COLUMNS)}) "  # noqa: S608 - our names
    f"VALUES ({', '.join('?' * len(_COLUMNS))})"
)


def remember(data: DataDir, rows: Iterable[LedgerRow]) -> None:
    """Add rows of addresses that the ledger does not have."""
    with deciding(data) as db:
        db.executemany(_ADD, [tuple(vars(row).values()) for row in rows])


def fetched_before(data: DataDir, moment: datetime, kept_reason: str) -> dict[str, str | None]:
    """URL -> sha256 of the rows fetched before `moment`, but for those whose reason begins with
    `kept_reason`."""
    sql = (
        "SELECT url, sha256 FROM image_ledger WHERE fetched_at < ? "
        "AND substr(coalesce(reason, ''), 1, ?) <> ?"
    )
    with reading(data.state_db) as db:
        values = (iso(moment), len(kept_reason), kept_reason)
        return {} if db is None else dict(db.execute(sql, values).fetchall())


def forget(data: DataDir, urls: Iterable[str]) -> None:
    """Delete rows, and overwrite their bytes: the URLs of images may name people."""
    with deciding(data) as db:
        db.execute("PRAGMA secure_delete = ON")
        db.executemany("DELETE FROM image_ledger WHERE url = ?", [(url,) for url in urls])


def before_last(data: DataDir) -> str | None:
    """Return when the release before the last one was published; None of fewer than two.

    One wrong clock does not make everything old.
    """
    with reading(data.state_db) as db:
        if db is None:
            return None
        rows = db.execute("SELECT published_at FROM published ORDER BY rowid DESC LIMIT 2")
        found: list[str] = [row[0] for row in rows]
    return min(found) if len(found) == 2 else None
