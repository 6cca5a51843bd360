"""What the sidecar's search would answer for faces of a release: the best distance, the rank."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.release import contract
from trainer.release.fusion import Neighbours, fuse
from trainer.release.recall import TENS
from trainer.release.search import Ids, exact_neighbours
from trainer.release.vector_file import AnyVectors, Vectors

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Gallery:
    """`facenet`, `arcface` (n, 512) unit vectors, in memory or in a file, `labels` (n,) the
    performer of each.

    `people` (n,): the same, but one label for performers that may be one person; None: all differ.
    """

    facenet: AnyVectors
    arcface: AnyVectors
    labels: Ids
    people: Ids | None = None


@dataclass(frozen=True)
class SearchResults:
    """Per query: its performer, the best distances of any and of the right performer, the rank.

    Infinite where there is none.
    """

    label: Ids
    best: Numbers
    own: Numbers
    rank: Numbers

    def at(self, chosen: npt.NDArray[np.bool_]) -> SearchResults:
        """Return the answers where the mask `chosen`, (n,), is true."""
        return SearchResults(*(getattr(self, f.name)[chosen] for f in fields(self)))


@dataclass(frozen=True)
class SearchedFaces:
    """What the search answers for the same faces in several ways, and what lies next to them.

    `named`: without the face itself; `unnamed`: without its whole performer; `strangers`: without
    all performers that may be the same person. `nearest`: distances of the nearest other faces of
    each model, (q, up to 10).
    """

    named: SearchResults
    unnamed: SearchResults
    strangers: SearchResults
    nearest: tuple[Vectors, Vectors]


def search_faces(
    gallery: Gallery, queries: Ids, advance: Callable[[int], Any] = lambda _count: None
) -> SearchedFaces:
    """Search every face of `queries` (q,), rows of the gallery, in all ways.

    `advance` is called with the number of searches: two per face, one in each model's vectors.
    """
    tens = max(0, min(TENS, len(gallery.labels) - 1))
    models = (gallery.facenet, gallery.arcface)
    left_out = [gallery.labels, *([] if gallery.people is None else [gallery.people])]
    searched = [_search(vectors, left_out, queries, advance) for vectors in models]
    labels = gallery.labels[queries]
    answers = []
    for both in zip(*searched, strict=True):
        fused = fuse(*both)
        performers = np.where(fused.ids >= 0, gallery.labels[fused.ids], -1)
        answers.append(SearchResults(labels, *_judge(performers, fused.distances, labels).T))
    facenet, arcface = (ways[0].distances[:, :tens] for ways in searched)
    return SearchedFaces(answers[0], answers[1], answers[-1], (facenet, arcface))


def search_others(
    gallery: Gallery,
    facenet: Vectors,
    arcface: Vectors,
    labels: Ids,
    without: Sequence[Ids],
) -> SearchResults:
    """Search faces that are not in the gallery: `facenet`, `arcface` (q, 512) unit vectors.

    `labels` (q,) their performers; `without`: rows of the gallery that each one may not find.
    """
    k = min(contract.NEIGHBOURS, len(gallery.labels))
    sides = []
    for queries, vectors in ((facenet, gallery.facenet), (arcface, gallery.arcface)):
        sides.append(Neighbours(*exact_neighbours(queries, vectors, k, exclude=without)))
    fused = fuse(*sides)
    performers = np.where(fused.ids >= 0, gallery.labels[fused.ids], -1)
    return SearchResults(labels, *_judge(performers, fused.distances, labels).T)


def _search(
    vectors: AnyVectors, left_out: Sequence[Ids], queries: Ids, advance: Callable[[int], Any]
) -> list[Neighbours]:
    """Neighbours without the face itself, then without all faces that share its label, for each
    labelling of `left_out` (n,): one search serves all."""
    k = min(contract.NEIGHBOURS, len(vectors))
    # So many of the nearest can share a label.
    largest = max(int(np.bincount(labels).max(initial=0)) for labels in left_out)
    ids, distances = exact_neighbours(
        vectors[queries], vectors, k + largest, exclude=queries, advance=advance
    )
    ways = [Neighbours(ids[:, :k], distances[:, :k])]
    for labels in left_out:
        own = (labels[ids] == labels[queries][:, None]) & (ids >= 0)
        ways.append(_without(own, ids, distances, k))
    return ways


def _without(own: npt.NDArray[np.bool_], ids: Ids, distances: Vectors, k: int) -> Neighbours:
    """The first `k` of each row that are not `own`; where there are fewer, -1 and infinity."""
    order = np.argsort(own, axis=1, kind="stable")[:, :k]
    gone = np.take_along_axis(own, order, axis=1)
    found = np.take_along_axis(ids, order, axis=1)
    near = np.take_along_axis(distances, order, axis=1)
    return Neighbours(np.where(gone, -1, found), np.where(gone, np.float32(np.inf), near))


def _judge(performers: Ids, distances: Vectors, own: Ids) -> Numbers:
    """Best distance of anybody, of the right performer, and the right performer's rank: (q, 3).

    `performers`, `distances` (q, k), nearest first, -1 and infinity where there are no more.
    """
    if not len(own):
        return np.zeros((0, 3))
    queries = np.arange(len(own))
    right = performers == own[:, None]
    at = right.argmax(axis=1)
    found = right[queries, at]
    rank = _first_places(performers).cumsum(axis=1)[queries, at]
    return np.stack(
        [
            distances[:, 0],
            np.where(found, distances[queries, at], np.inf),
            np.where(found, rank, np.inf),
        ],
        axis=1,
    ).astype(np.float64)


def _first_places(performers: Ids) -> npt.NDArray[np.bool_]:
    """Where each performer is met for the first time in its row."""
    order = np.argsort(performers, axis=1, kind="stable")
    listed = np.take_along_axis(performers, order, axis=1)
    new = np.ones(listed.shape, dtype=np.bool_)
    new[:, 1:] = listed[:, 1:] != listed[:, :-1]
    first = np.zeros_like(new)
    np.put_along_axis(first, order, new, axis=1)
    return first
