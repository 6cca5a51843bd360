"""How good a release is: right names for those in it, silence for those who are not.

Everything is searched exactly, with the sidecar's k and fusion; what its approximate indexes lose
on top is their recall, stated separately.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from trainer.release import contract
from trainer.release.files import read_mapping, require_intact
from trainer.release.fusion import Neighbours, fuse
from trainer.release.index import load_index
from trainer.release.inputs import Vectors
from trainer.release.recall import measure
from trainer.release.search import Ids, exact_neighbours
from trainer.staging.atomic import read_json, write_json

EVALUATE_JSON = "evaluate.json"
THRESHOLDS = (0.3, 0.4, contract.SCENE_DISTANCE, 0.6, 0.7, contract.MAX_DISTANCE)
FEW_PERFORMERS = 100
_BLOCK = 512


class ClosedSet(BaseModel):
    """Each face searched without itself; performers with two faces or more."""

    model_config = ConfigDict(extra="forbid")

    queries: int
    performers: int
    rank_1: float | None = Field(description="share whose nearest performer is the right one")
    rank_5: float | None


class OperatingPoint(BaseModel):
    """What happens when answers above `threshold` are dropped."""

    model_config = ConfigDict(extra="forbid")

    threshold: float
    false_accept: float | None = Field(description="strangers who are given a name")
    false_reject: float | None = Field(description="listed faces that their own name misses")
    wrong_name: float | None = Field(description="listed faces that are given another's name first")


class OpenSet(BaseModel):
    """Each face searched with its performer taken out."""

    model_config = ConfigDict(extra="forbid")

    queries: int
    performers: int
    points: list[OperatingPoint]


class Evaluation(BaseModel):
    """`evaluate.json`. Shares are None where nothing could be measured."""

    model_config = ConfigDict(extra="forbid")

    performers: int
    faces: int
    seed: int
    closed_set: ClosedSet
    open_set: OpenSet
    index_recall: dict[str, dict[str, float]] = Field(
        description="index file -> recall at the sidecar's k against exact search"
    )
    faces_per_performer: dict[int, int] = Field(description="number of faces -> performers")
    one_face_share: float | None
    note: str
    previous: dict[str, Any] | None = None

    def at(self, threshold: float) -> OperatingPoint:
        return next(p for p in self.open_set.points if p.threshold == threshold)


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
    names = (contract.FACENET_INDEX, contract.ARCFACE_INDEX)
    indexes = [load_index(directory / name) for name in names]
    labels = _labels(read_mapping(directory, contract.FACES_JSON))
    facenet, arcface = (_vectors(index, len(labels)) for index in indexes)
    result = evaluate_vectors(facenet, arcface, labels, seed, sample, advance)
    for name, index, vectors in zip(names, indexes, (facenet, arcface), strict=True):
        point = measure(index, vectors, sample=sample, seed=seed)
        result.index_recall[name] = {
            "recall_at_1": point.recall_at_1,
            "recall_at_10": point.recall_at_10,
            "m": point.m,
        }
    if previous is not None and (previous / EVALUATE_JSON).exists():
        result.previous = read_json(previous / EVALUATE_JSON)
        result.previous.pop("previous", None)
    return result


def write_evaluation(directory: Path, result: Evaluation) -> None:
    write_json(directory / EVALUATE_JSON, result.model_dump(mode="json"))


def read_evaluation(directory: Path) -> Evaluation | None:
    """The stored evaluation of a release, or None where it has none."""
    path = directory / EVALUATE_JSON
    return Evaluation.model_validate_json(path.read_bytes()) if path.exists() else None


def evaluate_vectors(
    facenet: Vectors,
    arcface: Vectors,
    labels: Ids,
    seed: int,
    sample: int,
    advance: Callable[[int], Any] = lambda _count: None,
) -> Evaluation:
    """`facenet`, `arcface` (n, 512) unit vectors, `labels` (n,) the performer of each."""
    pair = _Pair(facenet, arcface, labels)
    counts = Counter(Counter(labels.tolist()).values())
    performers = sum(counts.values())
    closed = _closed(pair, seed, sample, advance)
    strangers = _open(pair, seed, sample, advance)
    return Evaluation(
        performers=performers,
        faces=len(labels),
        seed=seed,
        closed_set=ClosedSet(
            queries=len(closed.label),
            performers=len(set(closed.label.tolist())),
            rank_1=_share(closed.rank == 1),
            rank_5=_share(closed.rank <= 5),
        ),
        open_set=OpenSet(
            queries=len(strangers.label),
            performers=len(set(strangers.label.tolist())),
            points=[_point(t, closed, strangers) for t in THRESHOLDS],
        ),
        index_recall={},
        faces_per_performer=dict(sorted(counts.items())),
        one_face_share=counts[1] / performers if performers else None,
        note=_note(performers, len(closed.label), len(strangers.label), len(labels)),
    )


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


def _closed(pair: _Pair, seed: int, sample: int, advance: Callable[[int], Any]) -> _Answers:
    sizes = np.bincount(pair.labels) if len(pair.labels) else np.zeros(0, dtype=np.int64)
    eligible = np.flatnonzero(sizes[pair.labels] >= 2) if len(pair.labels) else np.zeros(0, int)
    return _ask(pair, _sampled(eligible, seed, sample), False, advance)


def _open(pair: _Pair, seed: int, sample: int, advance: Callable[[int], Any]) -> _Answers:
    everyone = np.arange(len(pair.labels))
    return _ask(pair, _sampled(everyone, seed + 1, sample), True, advance)


def _sampled(candidates: Ids, seed: int, sample: int) -> Ids:
    return np.sort(np.random.default_rng(seed).permutation(candidates)[:sample])


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
        false_accept=_share(strangers.best <= threshold),
        false_reject=_share(closed.own > threshold),
        wrong_name=_share((closed.best <= threshold) & (closed.rank > 1)),
    )


def _share(holds: npt.NDArray[np.bool_]) -> float | None:
    return float(holds.mean()) if holds.size else None


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
