"""May this release be published? Floors, and allowed drops against the last release."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.config.numbers import Number, Whole
from trainer.config.yaml_file import read_mapping
from trainer.errors import ConfigError
from trainer.reasons import problems
from trainer.release.contract import SCENE_DISTANCE
from trainer.release.evaluation import Evaluation
from trainer.release.vote import VoteFigures
from trainer.staging.manifest import Check

GATE_YAML: Final = "gate.yaml"
_Share = Annotated[Number, Field(ge=0, le=1)]


class GateLimits(BaseModel):
    """One set of limits; every key is checked by `gate`."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    min_performers: Whole = Field(ge=0)
    min_faces: Whole = Field(ge=0)
    max_performers_drop: _Share
    max_faces_drop: _Share
    max_removed_share: _Share
    max_one_face_share: _Share
    max_one_face_share_rise: _Share
    min_rank_1: _Share
    max_rank_1_drop: _Share
    max_false_accept: _Share
    max_false_accept_rise: _Share
    max_false_reject: _Share
    max_false_reject_rise: _Share
    min_index_recall: _Share


class GateResult(BaseModel):
    model_config = ConfigDict(extra="forbid")

    passed: bool
    checks: list[Check]

    def failures(self) -> list[str]:
        """What fell short, and where to look for its cause."""
        return [f"{c.failure()} ({look_at(c.name)})" for c in self.checks if not c.ok]


_LOOK = {
    "clock": "this machine's clock: set it right, then approve or reject the candidate",
    "performers": "the run's report: which source gave fewer",
    "faces": "select/funnel.json of the run: which rule refuses more, by source",
    "share of performers removed": "who and why: diff.json",
    "one-face share": "select/funnel.json of the run: which rule refuses more, by source",
    "rank-1": "the breakdowns in evaluate.json, by source and number of faces",
    "false accepts": "`trainer reviews`: one person may be listed under two ids",
    "false rejects": "the breakdowns in evaluate.json, by source",
    "index recall": "the curve in manifest.json, or raise TRAINER_INDEX_MINUTES",
}


def look_at(name: str) -> str:
    """Where the cause of a check that does not hold is found."""
    known = [text for start, text in _LOOK.items() if name.startswith(start)]
    return f"look at {known[0] if known else 'evaluate.json'}"


class _GateFile(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    default: dict[str, Any] = {}
    packs: dict[str, dict[str, Any]] = {}


def load_limits(data_dir: Path, pack: str) -> GateLimits:
    """The limits for model pack `pack` (its name, e.g. `demo`).

    The operator's `DATA_DIR/gate.yaml` wins over the shipped file, a pack's keys over the defaults.
    Raises `ConfigError` naming file and key.
    """
    own = data_dir / GATE_YAML
    return limits_with(read_mapping(own), own, pack)


def limits_with(content: dict[str, Any], file: Path, pack: str) -> GateLimits:
    """The limits for model pack `pack` under the overrides `content` that `file` holds.

    Raises `ConfigError` naming file and key.
    """
    shipped = Path(__file__).with_name(GATE_YAML)
    base, override = _parsed(read_mapping(shipped), shipped), _parsed(content, file)
    merged = {
        **base.default,
        **override.default,
        **base.packs.get(pack, {}),
        **override.packs.get(pack, {}),
    }
    for limits in override.packs.values():
        _limits({**base.default, **limits}, file)  # a bad key is refused whatever pack is in use
    return _limits(merged, file if content else shipped)


def gate(
    limits: GateLimits, new: Evaluation, last: Evaluation | None, removed: int = 0
) -> GateResult:
    """Every check holds, or the release stays a candidate. `last` is None for the first one.

    `removed`: performers of the last release who are not in this one, merged ones not counted.
    """
    checks = _floors(limits, new)
    if last is not None:
        checks += _drops(limits, new, last)
        share = removed / last.performers if last.performers else 0.0
        checks.append(_at_most("share of performers removed", limits.max_removed_share, share))
    return GateResult(passed=all(check.ok for check in checks), checks=checks)


def _floors(limits: GateLimits, new: Evaluation) -> list[Check]:
    recalls = [figures["recall_at_1"] for figures in new.index_recall.values()]
    point = new.at(SCENE_DISTANCE)
    votes = [] if new.vote is None else [_by_vote(limits.min_rank_1, new.vote)]
    return [
        *votes,
        _at_least("performers", limits.min_performers, new.performers),
        _at_least("faces", limits.min_faces, new.faces),
        _at_most("one-face share", limits.max_one_face_share, new.one_face_share),
        _at_least("rank-1", limits.min_rank_1, new.closed_set.rank_1),
        _at_most(f"false accepts at {SCENE_DISTANCE}", limits.max_false_accept, point.false_accept),
        _at_most(f"false rejects at {SCENE_DISTANCE}", limits.max_false_reject, point.false_reject),
        _at_least("index recall", limits.min_index_recall, min(recalls, default=None)),
    ]


def _drops(limits: GateLimits, new: Evaluation, last: Evaluation) -> list[Check]:
    points = [evaluation.at(SCENE_DISTANCE) for evaluation in (new, last)]
    accepts = [point.false_accept for point in points]
    limit = None if last.vote is None else _plus(last.vote.rank_1, -limits.max_rank_1_drop)
    votes = [] if new.vote is None else [_by_vote(limit, new.vote, " against the last release")]
    return [
        *votes,
        _at_most(
            f"false rejects at {SCENE_DISTANCE} against the last release",
            _plus(points[1].false_reject, limits.max_false_reject_rise),
            points[0].false_reject,
        ),
        _at_least(
            "performers against the last release",
            last.performers * (1 - limits.max_performers_drop),
            new.performers,
        ),
        _at_least(
            "faces against the last release",
            last.faces * (1 - limits.max_faces_drop),
            new.faces,
        ),
        _at_most(
            "one-face share against the last release",
            _plus(last.one_face_share, limits.max_one_face_share_rise),
            new.one_face_share,
        ),
        _at_least(
            "rank-1 against the last release",
            _plus(last.closed_set.rank_1, -limits.max_rank_1_drop),
            new.closed_set.rank_1,
        ),
        _at_most(
            f"false accepts at {SCENE_DISTANCE} against the last release",
            _plus(accepts[1], limits.max_false_accept_rise),
            accepts[0],
        ),
    ]


def _by_vote(limit: float | None, vote: VoteFigures, against: str = "") -> Check:
    """Of `vote.consumer`, which takes the nearest face of each model."""
    return _at_least(f"rank-1 by vote{against}", limit, vote.rank_1)


def _plus(value: float | None, change: float) -> float | None:
    return None if value is None else value + change


_ROUNDING = 1e-9  # 0.02 + 0.03 is not 0.05 in floating point


def _at_least(name: str, limit: float | None, actual: float | None) -> Check:
    """Holds without a limit (the last release could not be measured), never without a figure."""
    ok = limit is None or (actual is not None and actual >= limit - _ROUNDING)
    return Check(name=name, ok=ok, expected=f"at least {_show(limit)}", actual=_show(actual))


def _at_most(name: str, limit: float | None, actual: float | None) -> Check:
    ok = limit is None or (actual is not None and actual <= limit + _ROUNDING)
    return Check(name=name, ok=ok, expected=f"at most {_show(limit)}", actual=_show(actual))


def _show(value: float | None) -> str:
    if value is None:
        return "not measured"
    return f"{value:g}" if isinstance(value, int) else f"{value:.4f}".rstrip("0").rstrip(".")


def _limits(values: dict[str, Any], path: Path) -> GateLimits:
    try:
        return GateLimits.model_validate(values)
    except ValidationError as error:
        raise ConfigError(f"{path}: {problems(error)}; correct it in that file") from None


def _parsed(content: dict[str, Any], path: Path) -> _GateFile:
    try:
        return _GateFile.model_validate(content)
    except ValidationError as error:
        raise ConfigError(f"{path}: {problems(error)}; correct it in that file") from None
