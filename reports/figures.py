"""What `evaluate.json` of a release says, as far as the pages show it."""

from __future__ import annotations

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

SCENE_DISTANCE = "0.5"  # of the sidecar's tuned scene mode: the threshold that the gate judges


class Lenient(BaseModel):
    # Releases are kept for years: what an older trainer left out is shown as missing.
    model_config = ConfigDict(extra="ignore")


class ClosedSet(Lenient):
    rank_1: float | None = None
    rank_1_interval: tuple[float, float] | None = None
    rank_5: float | None = None
    queries: int | None = None


class OperatingPoint(Lenient):
    """Shares at one maximum distance: strangers named, listed faces missed."""

    threshold: float = Field(validation_alias=AliasChoices("threshold", "distance"))
    false_accept: float | None = None
    false_accept_interval: tuple[float, float] | None = None
    false_reject: float | None = None
    wrong_name: float | None = None


class OpenSet(Lenient):
    queries: int | None = None
    points: list[OperatingPoint] = []


class Stratum(Lenient):
    """Figures of a part of the faces, at the scene threshold."""

    queries: int = 0
    strangers: int = 0
    rank_1: float | None = None
    false_accept: float | None = None
    false_reject: float | None = None


class SafeDistance(Lenient):
    """The largest maximum distance with at most so many strangers named."""

    max_false_accept: float
    distance: float | None = None
    strangers: int = 0
    resolved: bool = False
    false_accept_interval: tuple[float, float] | None = None
    right_name: float | None = None


class CapCost(Lenient):
    """What a value of `max_faces_total` would give."""

    max_faces_total: int
    faces: int = 0
    megabytes: float | None = None
    rank_1: float | None = None


class SceneFigures(Lenient):
    """What the search answers for degraded copies of pictures."""

    queries: int = 0
    no_face: int = 0
    rank_1: float | None = None
    rank_1_interval: tuple[float, float] | None = None
    false_reject: float | None = None
    safe_false_reject: float | None = None


class PairDistances(Lenient):
    """Numbers of pairs of faces by distance, `step` each; the last has everything above."""

    step: float
    genuine: list[int] = []
    impostor: list[int] = []


class Evaluation(Lenient):
    closed_set: ClosedSet = Field(default_factory=ClosedSet)
    open_set: OpenSet = Field(default_factory=OpenSet)
    index_recall: dict[str, dict[str, float]] = {}
    faces_per_performer: dict[int, int] = {}
    one_face_share: float | None = None
    breakdowns: dict[str, dict[str, Stratum]] = {}
    safe_distances: list[SafeDistance] = []
    cap_costs: list[CapCost] = []
    scene_queries: dict[str, SceneFigures] = {}
    open_set_distinct: OpenSet | None = None
    curve: list[OperatingPoint] = []
    pair_distances: PairDistances | None = None
    note: str = ""

    @property
    def rank_1(self) -> float | None:
        """The closed-set rank-1 share; None where it was not measured."""
        return self.closed_set.rank_1

    @property
    def false_accept(self) -> float | None:
        """Share of strangers who are given a name at `SCENE_DISTANCE`."""
        return self.judged_point.false_accept if self.judged_point else None

    @property
    def judged_point(self) -> OperatingPoint | None:
        """What was measured at `SCENE_DISTANCE`."""
        judged = self.open_set_distinct or self.open_set
        points = {f"{p.threshold:g}": p for p in judged.points}
        return points.get(SCENE_DISTANCE)

    @property
    def recall(self) -> float | None:
        """Recall@10 of the weaker index."""
        found = [v["recall_at_10"] for v in self.index_recall.values() if "recall_at_10" in v]
        return min(found, default=None)
