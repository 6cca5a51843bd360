"""`evaluate.json`: what is measured of every release."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trainer.release import contract
from trainer.release.calibration import CurvePoint, SafeDistance
from trainer.release.intervals import Interval
from trainer.release.pair_distances import PairDistances
from trainer.release.vote import VoteFigures
from trainer.staging.atomic import write_json

EVALUATE_JSON = "evaluate.json"
THRESHOLDS = (0.3, 0.4, contract.SCENE_DISTANCE, 0.6, 0.7, contract.MAX_DISTANCE)


class ClosedSet(BaseModel):
    """Each face searched without itself; performers with two faces or more."""

    model_config = ConfigDict(extra="forbid")

    queries: int
    performers: int
    rank_1: float | None = Field(description="share whose nearest performer is the right one")
    rank_5: float | None
    rank_1_interval: Interval | None = None


class OperatingPoint(BaseModel):
    """What happens when answers above `threshold` are dropped."""

    model_config = ConfigDict(extra="forbid")

    threshold: float
    false_accept: float | None = Field(description="strangers who are given a name")
    false_reject: float | None = Field(description="listed faces that their own name misses")
    wrong_name: float | None = Field(description="listed faces that are given another's name first")
    false_accept_interval: Interval | None = None


class OpenSet(BaseModel):
    """Each face searched with its performer taken out: a stranger."""

    model_config = ConfigDict(extra="forbid")

    queries: int
    performers: int
    points: list[OperatingPoint]


class Stratum(BaseModel):
    """The same figures of a part of the faces; rates at the scene threshold."""

    model_config = ConfigDict(extra="forbid")

    queries: int = Field(description="faces searched without themselves")
    strangers: int = Field(description="faces searched with their performer taken out")
    rank_1: float | None
    rank_5: float | None
    false_accept: float | None
    false_reject: float | None


class CapCost(BaseModel):
    """What a value of `max_faces_total` would give: on a sample, to compare the values."""

    model_config = ConfigDict(extra="forbid")

    max_faces_total: int
    faces: int = Field(description="in the whole release")
    megabytes: float | None = Field(None, description="of both indexes")
    probes: int
    rank_1: float | None


class SceneFigures(BaseModel):
    """What the search answers for degraded copies of pictures, without the pictures themselves.

    Of pictures in the release whose performer has others; a copy in which no face is found is a
    false reject, and not named right.
    """

    model_config = ConfigDict(extra="forbid")

    queries: int
    no_face: int = Field(description="copies in which no face is found")
    rank_1: float | None
    rank_1_interval: Interval | None
    false_reject: float | None = Field(description="at the scene threshold")
    safe_false_reject: float | None = Field(
        None, description="at the safe distance of 1% false accepts; None: there is none"
    )


class Evaluation(BaseModel):
    """`evaluate.json`. Shares are None where nothing could be measured."""

    model_config = ConfigDict(extra="forbid")

    performers: int
    faces: int
    seed: int
    closed_set: ClosedSet
    open_set: OpenSet
    open_set_distinct: OpenSet | None = Field(
        None, description="the same without performers that may be one person; None: there are none"
    )
    pairs_that_may_be_one: int = Field(0, description="review items `may_be_one_person`")
    curve: list[CurvePoint] = Field([], description="by maximum distance, strangers as distinct")
    safe_distances: list[SafeDistance] = []
    cap_costs: list[CapCost] = []
    scene_queries: dict[str, SceneFigures] = Field(
        {}, description="as_is, and each kind of degraded copy -> figures; empty: not measured"
    )
    pair_distances: PairDistances | None = Field(None, description="of sampled pairs of faces")
    index_recall: dict[str, dict[str, float]] = Field(
        description="index file -> recall at the sidecar's k against exact search"
    )
    faces_per_performer: dict[int, int] = Field(description="number of faces -> performers")
    one_face_share: float | None
    breakdowns: dict[str, dict[str, Stratum]] = Field(
        {}, description="faces, gender, source -> value -> figures"
    )
    vote: VoteFigures | None = Field(
        None, description="where the pack's consumer matches by votes: what it would answer"
    )
    note: str
    previous: dict[str, Any] | None = None

    def at(self, threshold: float) -> OperatingPoint:
        """Of the strangers that are to be judged: two entries of one person are no strangers."""
        judged = self.open_set_distinct or self.open_set
        return next(p for p in judged.points if p.threshold == threshold)


def write_evaluation(directory: Path, result: Evaluation) -> None:
    write_json(directory / EVALUATE_JSON, result.model_dump(mode="json"))


def read_evaluation(directory: Path) -> Evaluation | None:
    """The stored evaluation of a release, or None where it has none."""
    path = directory / EVALUATE_JSON
    return Evaluation.model_validate_json(path.read_bytes()) if path.exists() else None
