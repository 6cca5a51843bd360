"""How good a release is: right names for those in it, silence for those who are not.

Everything is searched exactly, with the sidecar's k and fusion; what its approximate indexes lose
on top is their recall, stated separately.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.release import contract
from trainer.release.evaluation import (
    EVALUATE_JSON,
    THRESHOLDS,
    ClosedSet,
    Evaluation,
    OpenSet,
    OperatingPoint,
    Stratum,
    interval,
    share,
)
from trainer.release.files import read_mapping, require_intact
from trainer.release.fusion import Neighbours, fuse
from trainer.release.index import load_index
from trainer.release.inputs import Vectors
from trainer.release.recall import measure
from trainer.release.search import Ids, exact_neighbours
from trainer.staging.atomic import read_json

FEW_PERFORMERS = 100
MIN_QUERIES = 50  # of each part, where it has that many
_BLOCK = 512
Part = npt.NDArray[np.object_]
Parts = Mapping[str, Part]


def evaluate(
    directory: Path,
    *,
    seed: int,
    sample: int = 2_000,
    previous: Path | None = None,
    advance: Callable[[int], Any] = lambda _count: None,
) -> Evaluation:
    """Measure a verified release from its own files; at most `sample` faces are searched, twice.

    `previous` is the last release's directory: its figures go beside the new ones.
    """
    require_intact(directory)
    labels = _labels(read_mapping(directory, contract.FACES_JSON))
    recall: dict[str, dict[str, float]] = {}
    vectors = []
    for name in contract.INDEXES:  # one at a time: an index is as large as its vectors
        index = load_index(directory / name)
        vectors.append(_vectors(index, len(labels)))
        point = measure(index, vectors[-1], sample=sample, seed=seed)
        recall[name] = {
            "recall_at_1": point.recall_at_1,
            "recall_at_10": point.recall_at_10,
            "m": point.m,
        }
        del index
    parts = _parts(directory)
    result = evaluate_vectors(vectors[0], vectors[1], labels, seed, sample, advance, parts)
    result.index_recall = recall
    if previous is not None and (previous / EVALUATE_JSON).exists():
        result.previous = read_json(previous / EVALUATE_JSON)
        result.previous.pop("previous", None)
    return result


def evaluate_vectors(
    facenet: Vectors,
    arcface: Vectors,
    labels: Ids,
    seed: int,
    sample: int,
    advance: Callable[[int], Any] = lambda _count: None,
    parts: Parts | None = None,
) -> Evaluation:
    """`facenet`, `arcface` (n, 512) unit vectors, `labels` (n,) the performer of each.

    `parts`: name of a breakdown -> (n,) the part that each face is in. The figures of the whole are
    of a uniform sample; parts that it hardly meets are asked more of.
    """
    pair, parts = _Pair(facenet, arcface, labels), parts or {}
    sizes = np.bincount(labels) if len(labels) else np.zeros(0, dtype=np.int64)
    counts = Counter(sizes[sizes > 0].tolist())
    performers = sum(counts.values())
    faces = np.arange(len(labels))
    eligible = faces[sizes[labels] >= 2] if len(labels) else faces
    closed = _Sample.take(eligible, seed, sample, parts)
    strangers = _Sample.take(faces, seed + 1, sample, parts)
    named = _ask(pair, closed.queries, False, advance)
    unnamed = _ask(pair, strangers.queries, True, advance)
    own, others = named.at(closed.uniform), unnamed.at(strangers.uniform)
    return Evaluation(
        performers=performers,
        faces=len(labels),
        seed=seed,
        closed_set=ClosedSet(
            queries=len(own.label),
            performers=len(set(own.label.tolist())),
            rank_1=share(own.rank == 1),
            rank_5=share(own.rank <= 5),
            rank_1_interval=interval(own.rank == 1),
        ),
        open_set=OpenSet(
            queries=len(others.label),
            performers=len(set(others.label.tolist())),
            points=[_point(t, own, others) for t in THRESHOLDS],
        ),
        index_recall={},
        faces_per_performer=dict(sorted(counts.items())),
        one_face_share=counts[1] / performers if performers else None,
        breakdowns={
            name: _breakdown(of[closed.queries], of[strangers.queries], named, unnamed)
            for name, of in parts.items()
        },
        note=_note(performers, len(own.label), len(others.label), len(labels)),
    )


@dataclass(frozen=True)
class _Sample:
    """Faces to search; `uniform` marks those that the figures of the whole are of."""

    queries: Ids
    uniform: npt.NDArray[np.bool_]

    @classmethod
    def take(cls, candidates: Ids, seed: int, sample: int, parts: Parts) -> _Sample:
        order = np.random.default_rng(seed).permutation(candidates)
        chosen = {int(face) for face in order[:sample]}
        wanted = set(chosen)
        for of in parts.values():
            for value in np.unique(of[order]) if len(order) else ():
                wanted.update(order[of[order] == value][:MIN_QUERIES].tolist())
        queries = np.array(sorted(wanted), dtype=np.int64)
        return cls(queries, np.isin(queries, sorted(chosen)))


def _breakdown(
    closed: Part, strangers: Part, named: _Answers, unnamed: _Answers
) -> dict[str, Stratum]:
    found = {}
    for value in sorted({*closed.tolist(), *strangers.tolist()}):
        own, others = named.at(closed == value), unnamed.at(strangers == value)
        found[value] = Stratum(
            queries=len(own.label),
            strangers=len(others.label),
            rank_1=share(own.rank == 1),
            rank_5=share(own.rank <= 5),
            false_accept=share(others.best <= contract.SCENE_DISTANCE),
            false_reject=share(own.own > contract.SCENE_DISTANCE),
        )
    return found


@dataclass(frozen=True)
class _Pair:
    facenet: Vectors
    arcface: Vectors
    labels: Ids


@dataclass(frozen=True)
class _Answers:
    """Per query: its performer, the best distances of any and of the right performer, the rank."""

    label: Ids
    best: npt.NDArray[np.float64]
    own: npt.NDArray[np.float64]
    rank: npt.NDArray[np.float64]

    def at(self, chosen: npt.NDArray[np.bool_]) -> _Answers:
        return _Answers(*(getattr(self, f.name)[chosen] for f in fields(self)))


def _ask(pair: _Pair, queries: Ids, stranger: bool, advance: Callable[[int], Any]) -> _Answers:
    """Search every query face without itself, or (`stranger`) without its whole performer."""
    rows: list[tuple[float, float, float]] = []
    for start in range(0, len(queries), _BLOCK):
        block = queries[start : start + _BLOCK]
        found = [
            exact_neighbours(
                vectors[block],
                vectors,
                contract.NEIGHBOURS,
                exclude=block,
                groups=pair.labels if stranger else None,
                query_groups=pair.labels[block] if stranger else None,
            )
            for vectors in (pair.facenet, pair.arcface)
        ]
        for number, query in enumerate(block):
            facenet, arcface = (_live(ids[number], far[number]) for ids, far in found)
            ids, distances = fuse(facenet, arcface)
            rows.append(_judge(pair.labels[ids], distances, int(pair.labels[query])))
        advance(len(block))
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return _Answers(pair.labels[queries], table[:, 0], table[:, 1], table[:, 2])


def _live(ids: Ids, distances: Vectors) -> Neighbours:
    return Neighbours(ids[ids >= 0], distances[ids >= 0])


def _judge(found: Ids, distances: Vectors, right: int) -> tuple[float, float, float]:
    """Best distance of anybody, of the right performer, and the right performer's rank."""
    best = float(distances[0]) if len(distances) else np.inf
    at = np.flatnonzero(found == right)
    if not at.size:
        return best, np.inf, np.inf
    ahead = len(set(found[: at[0]].tolist()))
    return best, float(distances[at[0]]), float(ahead + 1)


def _point(threshold: float, closed: _Answers, strangers: _Answers) -> OperatingPoint:
    return OperatingPoint(
        threshold=threshold,
        false_accept=share(strangers.best <= threshold),
        false_reject=share(closed.own > threshold),
        wrong_name=share((closed.best <= threshold) & (closed.rank > 1)),
        false_accept_interval=interval(strangers.best <= threshold),
    )


def _parts(directory: Path) -> Parts:
    """By number of faces of the performer, gender, source of the face; in index order."""
    uri = f"{(directory / contract.DATABASE).absolute().as_uri()}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        rows = db.execute(
            "SELECT face_count, coalesce(gender, 'not stated'), source_endpoint FROM faces"
            " JOIN performers ON performers.id = performer_id ORDER BY faces.id"
        ).fetchall()
    counts, genders, sources = zip(*rows, strict=True) if rows else ((), (), ())
    return {
        "faces": np.array([_band(count) for count in counts], dtype=object),
        "gender": np.array(genders, dtype=object),
        "source": np.array(sources, dtype=object),
    }


def _band(count: int) -> str:
    return str(count) if count < 3 else "3 to 5" if count < 6 else "6 and more"


def _labels(faces: list[str]) -> Ids:
    numbers = {name: number for number, name in enumerate(sorted(set(faces)))}
    return np.array([numbers[name] for name in faces], dtype=np.int64)


def _vectors(index: Any, count: int) -> Vectors:
    if not count:
        return np.zeros((0, contract.DIMENSIONS), dtype=np.float32)
    vectors: Vectors = np.asarray(index.get_vectors(list(range(count))), dtype=np.float32)
    return vectors


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
