"""How good a release is: right names for those in it, silence for those who are not.

Everything is searched exactly, with the sidecar's k and fusion; what its approximate indexes lose
on top is their recall, stated separately.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from trainer.release import contract
from trainer.release.breakdowns import Flags, Parts, breakdowns
from trainer.release.calibration import curve, safe_distances
from trainer.release.consumer import Vote, measured_for
from trainer.release.distinct_people import one_label_each, performer_ids
from trainer.release.evaluation import (
    EVALUATE_JSON,
    THRESHOLDS,
    ClosedSet,
    Evaluation,
    OpenSet,
    OperatingPoint,
    Stratum,
)
from trainer.release.files import read_manifest, read_mapping, require_intact
from trainer.release.index_read import load_index, vectors_in_file
from trainer.release.intervals import interval, share
from trainer.release.pair_distances import pair_distances
from trainer.release.recall import approximate, recall, sampled
from trainer.release.scene_queries import SceneQueries, released_rows, scene_figures
from trainer.release.search import Ids
from trainer.release.search_results import Gallery, SearchedFaces, SearchResults, search_faces
from trainer.release.vector_file import AnyVectors, VectorFile
from trainer.release.vote import VoteFigures, vote_figures
from trainer.staging.atomic import read_json

FEW_PERFORMERS = 100
MIN_QUERIES = 50  # of each part, where it has that many
Advance = Callable[[int, int], Any]


def evaluate(
    directory: Path,
    *,
    seed: int,
    sample: int = 2_000,
    previous: Path | None = None,
    pairs: Collection[tuple[int, int]] = (),
    scene: SceneQueries | None = None,
    advance: Advance = lambda _count, _total: None,
) -> Evaluation:
    """Measure a verified release from its own files, by about `sample` faces.

    `previous` is the last release's directory: its figures go beside the new ones. `pairs`: ids of
    performers that may be one person. `scene`: degraded copies to search, too. `advance` hears how
    many more searches were made, of how many.
    """
    require_intact(directory)
    labels = _labels(read_mapping(directory, contract.FACES_JSON))
    chosen = sampled(len(labels), sample, seed)
    vectors: list[VectorFile] = []
    found = []
    for name in contract.INDEXES:  # one at a time, and no vectors: they are as large
        index = load_index(directory / name)
        vectors.append(vectors_in_file(index, directory))
        found.append((index.M, approximate(index, vectors[-1][chosen])))
        del index
    parts = breakdowns(directory)
    people = one_label_each(labels, performer_ids(directory), pairs)
    result = evaluate_vectors(
        vectors[0], vectors[1], labels, seed, sample, advance, parts, found, people
    )
    result.pairs_that_may_be_one = len(pairs)
    result.vote = _vote(directory, vectors, labels, people, seed)
    if scene is not None:
        rows = released_rows(directory, scene.images)
        safe = result.safe_distances[0].distance
        gallery = Gallery(vectors[0], vectors[1], labels)
        result.scene_queries = scene_figures(gallery, rows, scene, safe)
    if previous is not None and (previous / EVALUATE_JSON).exists():
        result.previous = read_json(previous / EVALUATE_JSON)
        result.previous.pop("previous", None)
    return result


def _vote(
    directory: Path, vectors: Sequence[AnyVectors], labels: Ids, people: Ids | None, seed: int
) -> VoteFigures | None:
    found = measured_for(str(read_manifest(directory).models.get("pack", "")))
    if not isinstance(found.matching, Vote):
        return None
    several = np.flatnonzero(np.bincount(labels)[labels] >= 2)
    gallery = Gallery(vectors[0], vectors[1], labels, people)
    return vote_figures(found.name, found.matching, gallery, several, seed)


def evaluate_vectors(
    facenet: AnyVectors,
    arcface: AnyVectors,
    labels: Ids,
    seed: int,
    sample: int,
    advance: Advance = lambda _count, _total: None,
    parts: Parts | None = None,
    found: Sequence[tuple[int, Ids]] = (),
    people: Ids | None = None,
) -> Evaluation:
    """`facenet`, `arcface` (n, 512) unit vectors, `labels` (n,) the performer of each.

    `parts`: name of a breakdown -> value -> (n,) the faces of this part. The figures of the whole
    are of uniform samples; parts that these hardly meet are asked more of. `found`: M of both
    indexes, and what they answer for the rows `sampled(n, sample, seed)`. `people`: as in Gallery.
    """
    gallery, parts = Gallery(facenet, arcface, labels, people), parts or {}
    sizes = np.bincount(labels) if len(labels) else np.zeros(0, dtype=np.int64)
    counts = Counter(sizes[sizes > 0].tolist())
    performers = counts.total()
    chosen = _Sample.take(sizes[labels] >= 2, seed, sample, parts)
    asked = _search(gallery, chosen.queries, advance)
    own, others = asked.named.at(chosen.closed), asked.unnamed.at(chosen.strangers)
    distinct = asked.strangers.at(chosen.strangers)
    return Evaluation(
        performers=performers,
        faces=len(labels),
        seed=seed,
        closed_set=_closed_set(own),
        open_set=_open_set(own, others),
        open_set_distinct=None if people is None else _open_set(own, distinct),
        curve=curve(own, distinct),
        safe_distances=safe_distances(own, distinct, performers),
        pair_distances=pair_distances(gallery, seed),
        index_recall=_recall(gallery, chosen, asked, found),
        faces_per_performer=dict(sorted(counts.items())),
        one_face_share=counts[1] / performers if performers else None,
        breakdowns=_breakdowns(asked, chosen, parts),
        note=_note(performers, len(own.label), len(others.label), len(labels)),
    )


@dataclass(frozen=True)
class _Sample:
    """Faces to search, ascending. `closed` and `strangers` mark those that the figures of the whole
    are of, `several` those whose performer has others."""

    queries: Ids
    closed: Flags
    strangers: Flags
    several: Flags

    @classmethod
    def take(cls, several: Flags, seed: int, sample: int, parts: Parts) -> _Sample:
        """`several` (n,). Both samples come out of one order, so that they are mostly the same."""
        order = np.random.default_rng(seed).permutation(len(several))
        closed, strangers = order[several[order]][:sample], order[:sample]
        wanted = [closed, strangers]
        for values in parts.values():
            for of in values.values():
                wanted += [order[of[order]][:MIN_QUERIES]]
                wanted += [order[(of & several)[order]][:MIN_QUERIES]]
        queries = np.unique(np.concatenate(wanted))
        marks = [np.isin(queries, some) for some in (closed, strangers)]
        return cls(queries, marks[0], marks[1], several[queries])


def _search(gallery: Gallery, queries: Ids, advance: Advance) -> SearchedFaces:
    total = 2 * len(queries)  # one search in each model's vectors
    return search_faces(gallery, queries, lambda count: advance(count, total))


def _recall(
    gallery: Gallery, chosen: _Sample, asked: SearchedFaces, found: Sequence[tuple[int, Ids]]
) -> dict[str, dict[str, float]]:
    """Of each index, by what was searched exactly anyway."""
    result = {}
    queries = chosen.queries[chosen.strangers]
    everything = zip(
        contract.INDEXES, found, (gallery.facenet, gallery.arcface), asked.nearest, strict=False
    )
    for name, (m, ids), vectors, nearest in everything:
        point = recall(m, ids, queries, vectors, nearest[chosen.strangers])
        result[name] = {"recall_at_1": point.recall_at_1, "recall_at_10": point.recall_at_10}
        result[name]["m"] = m
    return result


def _breakdowns(
    asked: SearchedFaces, chosen: _Sample, parts: Parts
) -> dict[str, dict[str, Stratum]]:
    """Figures of every part of every breakdown, by the searched faces that are of it."""
    return {
        name: {
            value: _stratum(asked, of[chosen.queries], chosen.several)
            for value, of in sorted(values.items())
        }
        for name, values in parts.items()
    }


def _stratum(asked: SearchedFaces, of: Flags, several: Flags) -> Stratum:
    """Figures of the searched faces that are `of` a part."""
    own, others = asked.named.at(of & several), asked.strangers.at(of)
    return Stratum(
        queries=len(own.label),
        strangers=len(others.label),
        rank_1=share(own.rank == 1),
        rank_5=share(own.rank <= 5),
        false_accept=share(others.best <= contract.SCENE_DISTANCE),
        false_reject=share(own.own > contract.SCENE_DISTANCE),
    )


def _closed_set(own: SearchResults) -> ClosedSet:
    return ClosedSet(
        queries=len(own.label),
        performers=len(set(own.label.tolist())),
        rank_1=share(own.rank == 1),
        rank_5=share(own.rank <= 5),
        rank_1_interval=interval(own.rank == 1),
    )


def _open_set(own: SearchResults, strangers: SearchResults) -> OpenSet:
    return OpenSet(
        queries=len(strangers.label),
        performers=len(set(strangers.label.tolist())),
        points=[_point(threshold, own, strangers) for threshold in THRESHOLDS],
    )


def _point(threshold: float, closed: SearchResults, strangers: SearchResults) -> OperatingPoint:
    return OperatingPoint(
        threshold=threshold,
        false_accept=share(strangers.best <= threshold),
        false_reject=share(closed.own > threshold),
        wrong_name=share((closed.best <= threshold) & (closed.rank > 1)),
        false_accept_interval=interval(strangers.best <= threshold),
    )


def _labels(faces: list[str]) -> Ids:
    numbers = {name: number for number, name in enumerate(sorted(set(faces)))}
    return np.array([numbers[name] for name in faces], dtype=np.int64)


def _note(performers: int, closed: int, strangers: int, faces: int) -> str:
    text = (
        f"Measured on {performers} performers: {closed} faces searched without themselves, "
        f"{strangers} of {faces} with their performer taken out. Queries are faces of this "
        "database; pictures from scenes are harder."
    )
    if performers < FEW_PERFORMERS:
        text += (
            f" {performers} people tell little: one look-alike pair moves every figure, and the "
            "false-accept rate grows with the number of performers."
        )
    return text
