"""What state.db says in words of people who are purged: names, links and addresses.

Their ids stay, so that they are known again and no id is ever given twice.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from trainer.staging.error_groups import FORGOTTEN
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding
from trainer.state.store import Claim


def forget_images(data: DataDir, urls: Iterable[str], images: Iterable[str]) -> int:
    """Rows of the ledger: the URLs of pictures may name the person."""
    with deciding(data) as db:
        before = _wiping(db)
        db.executemany("DELETE FROM image_ledger WHERE url = ?", [(u,) for u in sorted(urls)])
        db.executemany("DELETE FROM image_ledger WHERE sha256 = ?", [(s,) for s in sorted(images)])
        return db.total_changes - before


def forget_texts(
    data: DataDir, claims: AbstractSet[Claim], performers: AbstractSet[int], reviews: Iterable[str]
) -> int:
    """Why records were held to be of one person, and review items that were left, by key."""
    with deciding(data) as db:
        before = _wiping(db)
        db.executemany(
            "UPDATE claim_evidence SET evidence = ?1 "
            "WHERE source = ?2 AND source_id = ?3 AND evidence <> ?1",
            [(FORGOTTEN, *claim) for claim in sorted(claims)],
        )
        for table in ("merges", "merges_undone"):
            db.executemany(
                f"UPDATE {table} SET evidence = ?1 "  # noqa: S608 - our names
                "WHERE (old_id = ?2 OR new_id = ?2) AND evidence <> ?1",
                [(FORGOTTEN, number) for number in sorted(performers)],
            )
        db.executemany(
            "UPDATE reviews_left SET text = ?1 WHERE key = ?2 AND text <> ?1",
            [(FORGOTTEN, key) for key in sorted(reviews)],
        )
        return db.total_changes - before


def _wiping(db: sqlite3.Connection) -> int:
    """Old bytes are overwritten, not only unlinked; how much was changed so far."""
    db.execute("PRAGMA secure_delete = ON")
    return db.total_changes
