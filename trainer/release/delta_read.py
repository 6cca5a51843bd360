"""A release as a delta sees it: a document per performer, and its faces in index order.

Running numbers (`id`, face indexes) follow from the order, so they are left out: one alias more
would change all that come after.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.release import contract
from trainer.release.files import read_mapping

Row = tuple[Any, ...]
Document = dict[str, Any]  # table -> rows without id and performer_id; `performer`, `universal_id`
# Tables in order of insertion: how many columns at the front are numbers that follow.
LISTS = {
    "stashbox_ids": 1,
    "aliases": 2,
    "external_urls": 2,
    "merged_ids": 1,
    "tattoos": 2,
    "piercings": 2,
}
WHOLE = ("url_conflicts", "merged_conflicts")
_FACE = (
    "performer_id, image_url, source_endpoint, quality_score, created_at, pruned, yaw,"
    " image_sha256, face_no, source, page_url, run_id, model_pack, rule"
)
SHA, _NO = 7, 8  # columns of a face


@dataclass(frozen=True)
class Content:
    """`people` by id, ascending; `faces` in index order; `whole` tables as they are."""

    people: dict[int, Document]
    faces: list[Row]
    whole: dict[str, list[Row]]


def read_content(directory: Path) -> Content:
    """Return a release's performers as documents, its faces in index order, and its whole
    tables."""
    uri = f"{(directory / contract.DATABASE).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        people: dict[int, Document] = {
            number: {"performer": list(row), "universal_id": None}
            for number, *row in db.execute("SELECT * FROM performers ORDER BY id")
        }
        for table, front in LISTS.items():
            sql = f"SELECT * FROM {table} ORDER BY rowid"  # noqa: S608 - our names
            for row in db.execute(sql):
                people[row[front - 1]].setdefault(table, []).append(list(row[front:]))
        sql = f"SELECT {_FACE} FROM faces JOIN face_provenance ON face_id = id ORDER BY id"  # noqa: S608
        faces = db.execute(sql).fetchall()
        whole = {
            table: db.execute(f"SELECT * FROM {table} ORDER BY rowid").fetchall()  # noqa: S608
            for table in WHOLE
        }
    for universal, face in zip(read_mapping(directory, contract.FACES_JSON), faces, strict=True):
        people[face[0]]["universal_id"] = universal
    return Content(people, faces, whole)


def face_key(face: Row) -> tuple[str, int]:
    """Return a face's (picture sha256, number)."""
    return face[SHA], face[_NO]


def tables_of(content: Content) -> Iterator[tuple[str, Iterator[Row]]]:
    """Every table with its rows, as `sqlite_build` inserts them."""
    people = content.people
    yield "performers", ((n, *doc["performer"]) for n, doc in people.items())
    for table in ("stashbox_ids", "aliases"):
        yield table, _listed(people, table)
    yield "faces", ((i + 1, f[0], i, i, *f[1:6], f[6]) for i, f in enumerate(content.faces))
    yield "face_provenance", ((i + 1, *f[7:]) for i, f in enumerate(content.faces))
    for table in ("external_urls", "merged_ids", "tattoos", "piercings"):
        yield table, _listed(people, table)
    for table in WHOLE:
        yield table, iter(content.whole[table])


def _listed(people: dict[int, Document], table: str) -> Iterator[Row]:
    number = 0
    for owner, document in people.items():
        for row in document.get(table, ()):
            number += 1
            yield (number, owner, *row) if LISTS[table] == 2 else (owner, *row)
