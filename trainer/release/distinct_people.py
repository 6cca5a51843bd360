"""Which performers of a release may be one person: as strangers they do not count."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from contextlib import closing
from pathlib import Path

import numpy as np

from trainer.release import contract
from trainer.release.search import Ids


def performer_ids(directory: Path) -> Ids:
    """(n,) in index order."""
    uri = f"{(directory / contract.DATABASE).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        rows = db.execute("SELECT performer_id FROM faces ORDER BY facenet_index").fetchall()
    return np.array([number for (number,) in rows], dtype=np.int64)


def one_label_each(labels: Ids, ids: Ids, pairs: Collection[tuple[int, int]]) -> Ids | None:
    """`labels` (n,) with one for all performers that `pairs` join, directly or by others.

    `ids` (n,): the performer's id of each face. None where no pair is among them.
    """
    label_of = dict(zip(ids.tolist(), labels.tolist(), strict=True))
    first = np.arange(int(labels.max(initial=-1)) + 1)
    joined = [(label_of[a], label_of[b]) for a, b in pairs if a in label_of and b in label_of]
    for left, right in joined:
        low, high = sorted((int(first[left]), int(first[right])))
        first[first == high] = low
    people: Ids = first[labels]
    return people if joined else None
