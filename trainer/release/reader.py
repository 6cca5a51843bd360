"""Read-only access to a release's performers.db. Standard library only."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from trainer.release.contract import DOMAINS

Record = dict[str, Any]
_SHORT_NAMES = {domain: name for name, domain in DOMAINS.items()}


class PerformerReader:
    """Look-ups in one performers.db; every answer is a plain dict of the table's columns."""

    def __init__(self, database: Path) -> None:
        self._uri = f"file:{quote(str(database.absolute()))}?mode=ro&immutable=1"

    def get_performer(self, performer_id: int) -> Record | None:
        """Return a performer's row; None for an unknown id."""
        return self._one("SELECT * FROM performers WHERE id = ?", performer_id)

    def get_performers_with_faces(self) -> Iterator[Record]:
        """All performers with at least one face, by id."""
        with self._open() as db:
            for row in db.execute("SELECT * FROM performers WHERE face_count > 0 ORDER BY id"):
                yield dict(row)

    def search_by_name(self, text: str, limit: int = 20) -> list[Record]:
        """Performers whose name or an alias contains `text`, literally and without case (ASCII).

        Those who are called exactly so first, then those with most faces, then by id.
        """
        pattern = f"%{_literal(text)}%"
        return self._all(
            "SELECT * FROM performers WHERE id IN"
            " (SELECT id FROM performers WHERE canonical_name LIKE ?1 ESCAPE '\\'"
            " UNION SELECT performer_id FROM aliases WHERE alias LIKE ?1 ESCAPE '\\')"
            " ORDER BY canonical_name != ?3 COLLATE NOCASE, face_count DESC, id LIMIT ?2",
            pattern,
            limit,
            text,
        )

    def by_stashbox_id(self, source: str, source_id: str) -> Record | None:
        """By short name and id; an id merged into another performer leads to that one."""
        return self._one(
            "SELECT p.* FROM performers p JOIN stashbox_ids s ON p.id = s.performer_id"
            " WHERE s.endpoint = ? AND s.stashbox_performer_id = ?",
            source,
            source_id,
        ) or self._one(
            "SELECT p.* FROM performers p JOIN merged_ids m ON p.id = m.performer_id"
            " WHERE m.endpoint = ? AND m.merged_stashbox_id = ?",
            source,
            source_id,
        )

    def by_universal_id(self, universal_id: str) -> Record | None:
        """By `domain:id`, e.g. `stashdb.org:...`."""
        domain, _, source_id = universal_id.partition(":")
        return self.by_stashbox_id(_SHORT_NAMES.get(domain, domain), source_id)

    def by_face_index(self, index: int) -> Record | None:
        """Return the row of a face's performer, by the face's id in the indexes; None for an
        unknown one."""
        return self._one(
            "SELECT p.* FROM performers p JOIN faces f ON p.id = f.performer_id"
            " WHERE f.facenet_index = ?",
            index,
        )

    def faces(self, performer_id: int) -> list[Record]:
        """The performer's faces with their provenance."""
        return self._all(
            "SELECT f.*, image_sha256, face_no, page_url, run_id, model_pack, rule FROM faces f"
            " JOIN face_provenance v ON v.face_id = f.id WHERE performer_id = ? ORDER BY f.id",
            performer_id,
        )

    def related(self, table: str, performer_id: int) -> list[Record]:
        """Rows of aliases, external_urls, merged_ids, piercings, stashbox_ids or tattoos."""
        known = ("aliases", "external_urls", "merged_ids", "piercings", "stashbox_ids", "tattoos")
        if table not in known:
            raise ValueError(f"unknown table {table!r}; known: {known}")
        sql = f"SELECT * FROM {table} WHERE performer_id = ? ORDER BY rowid"  # noqa: S608
        return self._all(sql, performer_id)

    def _one(self, sql: str, *values: Any) -> Record | None:
        rows = self._all(sql, *values)
        return rows[0] if rows else None

    def _all(self, sql: str, *values: Any) -> list[Record]:
        with self._open() as db:
            return [dict(row) for row in db.execute(sql, values)]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        db = sqlite3.connect(self._uri, uri=True)
        db.row_factory = sqlite3.Row
        try:
            yield db
        finally:
            db.close()


def _literal(text: str) -> str:
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return text
