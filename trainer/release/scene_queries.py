"""How a release answers pictures that are worse than its own: degraded copies, by kind.

Each copy is searched without the picture that it was made of, and without other copies of that
picture. Only performers who are still listed then can be found.
"""

from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from trainer.embedding.scene_queries import AS_IS, KINDS, Copies
from trainer.release import contract
from trainer.release.evaluation import SceneFigures
from trainer.release.intervals import interval, share
from trainer.release.search import Ids
from trainer.release.search_results import Gallery, SearchResults, search_others

Rows = Mapping[str, Sequence[int]]


@dataclass(frozen=True)
class SceneQueries:
    """`copies`: of pictures that show one face. `same`: of each, the pictures that are it over
    again, as far as known."""

    copies: Copies
    same: Mapping[str, Set[str]]

    @property
    def images(self) -> set[str]:
        return set(self.copies).union(*self.same.values())


@dataclass(frozen=True)
class _Asked:
    """A picture of the release: its row, and the rows that its copies may not find."""

    sha256: str
    row: int
    without: Ids


def released_rows(directory: Path, images: Set[str]) -> Rows:
    """Which faces of a release are of each of `images`, by their place in the indexes."""
    uri = f"{(directory / contract.DATABASE).absolute().as_uri()}?mode=ro"
    found: dict[str, list[int]] = defaultdict(list)
    with closing(sqlite3.connect(uri, uri=True)) as db:
        query = (
            "SELECT image_sha256, facenet_index FROM face_provenance"
            " JOIN faces ON faces.id = face_id ORDER BY facenet_index"
        )
        for sha, row in db.execute(query):
            if sha in images:
                found[sha].append(row)
    return found


def scene_figures(
    gallery: Gallery, rows: Rows, queries: SceneQueries, safe: float | None
) -> dict[str, SceneFigures]:
    """Figures of each kind, all of the same pictures, those as they are first; empty where no
    picture can be asked. `safe`: the safe distance of 1% false accepts."""
    asked = _asked(gallery, rows, queries)
    if not asked:
        return {}
    places = np.array([one.row for one in asked])
    own = [(gallery.facenet[row], gallery.arcface[row]) for row in places]
    found: dict[str, list[tuple[np.ndarray, np.ndarray] | None]] = {AS_IS: [*own]}
    found |= {kind: [queries.copies[one.sha256][kind] for one in asked] for kind in KINDS}
    return {kind: _figures(gallery, asked, copies, safe) for kind, copies in found.items()}


def _asked(gallery: Gallery, rows: Rows, queries: SceneQueries) -> list[_Asked]:
    """The pictures whose performer has other faces than theirs."""
    sizes = np.bincount(gallery.labels)
    asked = []
    for sha in queries.copies:
        if not rows.get(sha):
            continue
        hidden = {row for other in {sha, *queries.same.get(sha, ())} for row in rows.get(other, ())}
        without, row = np.array(sorted(hidden), np.int64), rows[sha][0]
        label = gallery.labels[row]
        if sizes[label] > (gallery.labels[without] == label).sum():
            asked.append(_Asked(sha, row, without))
    return asked


def _figures(
    gallery: Gallery,
    asked: Sequence[_Asked],
    copies: Sequence[tuple[np.ndarray, np.ndarray] | None],
    safe: float | None,
) -> SceneFigures:
    pairs = [(one, copy) for one, copy in zip(asked, copies, strict=True) if copy is not None]
    missing = len(asked) - len(pairs)
    answers = _answers(gallery, [one for one, _ in pairs], [copy for _, copy in pairs])
    own = np.concatenate([answers.own, np.full(missing, np.inf)])
    right = np.concatenate([answers.rank == 1, np.zeros(missing, np.bool_)])
    return SceneFigures(
        queries=len(asked),
        no_face=missing,
        rank_1=share(right),
        rank_1_interval=interval(right),
        false_reject=share(own > contract.SCENE_DISTANCE),
        safe_false_reject=None if safe is None else share(own > safe),
    )


def _answers(
    gallery: Gallery, asked: Sequence[_Asked], copies: Sequence[tuple[np.ndarray, np.ndarray]]
) -> SearchResults:
    empty = np.zeros((0, contract.DIMENSIONS), np.float32)
    facenet, arcface = (
        np.concatenate([empty, *(copy[side][None] for copy in copies)]) for side in (0, 1)
    )
    labels = gallery.labels[np.array([one.row for one in asked], np.int64)]
    return search_others(gallery, facenet, arcface, labels, [one.without for one in asked])


def scene_note(figures: Mapping[str, SceneFigures], why_not: str) -> str:
    """What `evaluate.json` says of it; `why_not` where nothing was asked."""
    if not figures:
        return f" Degraded copies were not measured: {why_not}."
    return (
        f" Degraded copies of {figures[AS_IS].queries} of its pictures were searched, too "
        "(scene_queries), each without its picture; performers with one face only are not in "
        "these figures."
    )
