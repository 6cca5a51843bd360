"""The value of each picture that was not asked for, by what its performer has."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import polars as pl

from trainer.fetch_plan.columns import FETCHED, GOOD, Floats, Ints, Rules
from trainer.fetch_plan.had import Had, by_group, by_performer, run_starts
from trainer.fetch_plan.worth import (
    BETTER_FACE,
    damped,
    expected_gain,
    expected_worst,
    next_face,
)

LEAST_FREE = 0.25  # of a place: less than that is expected to be taken by what was asked already
LEAST_GAIN = 0.26  # of the mean quality, by one request: what a better face has to promise
MOST_SCENES = 0.9  # the share of performers with fewer scenes than those who are worth more
WORTH_MORE = 2.6  # by what factor


class _Columns(NamedTuple):
    """ADVERTISED as arrays, one value per picture; `caps` and `performer_of` are per group, the
    pictures of one performer at one source."""

    performer: Ints
    group: Ints
    caps: Ints
    performer_of: Ints
    scenes: Floats
    chance: Floats
    mean: Floats
    deviation: Floats
    quality: Floats


def values(known: pl.DataFrame, rows: Ints, rules: Rules) -> Floats:
    """Return the value of each of `rows`, as if they were asked for one after the other, the
    likeliest of each performer first; 0 for one that is not worth a request.

    `known`: ADVERTISED with `chances`, sorted by performer and source.
    """
    c = _columns(known, rules)
    good, fetched = ((known["outcome"] == name).to_numpy() for name in (GOOD, FETCHED))
    groups, kept = by_group(c.group, good, fetched, c.chance, c.quality, c.caps)
    performers = by_performer(
        c.performer_of, groups, c.caps, c.performer, c.quality, kept, rules.total
    )
    return _values(c, rows, groups, performers, rules.total)


def _columns(known: pl.DataFrame, rules: Rules) -> _Columns:
    """`known`: sorted by performer and source."""
    keys = known.select("performer", "source")
    group = keys.select((pl.struct("performer", "source").rle_id()).alias("g"))["g"].to_numpy()
    performer = known["performer"].rle_id().to_numpy().astype(np.int64)
    group = group.astype(np.int64)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    caps = {key: rule.cap for key, rule in rules.sources.items()}
    per_row = known["source"].replace_strict(caps, return_dtype=pl.Int64).to_numpy()
    floats = {
        name: known[name].cast(pl.Float64).to_numpy()
        for name in ("scenes", "chance", "mean", "deviation", "quality")
    }
    return _Columns(performer, group, per_row[first], performer[first], **floats)


def _values(c: _Columns, rows: Ints, groups: Had, performers: Had, total: int) -> Floats:
    """Return the value of each of `rows`, as if they were asked for one after the other, the
    likeliest of each performer first; 0 for one that is not worth a request."""
    chance, group, performer = c.chance[rows], c.group[rows], c.performer[rows]
    cap = c.caps[group].astype(np.float64)
    drawn = groups.both[group] + _before(group, chance * c.mean[rows], chance)
    free = np.clip(cap - drawn, 0.0, 1.0)
    had = performers.both[performer] + _before(
        performer, chance * free * c.mean[rows], chance * free
    )
    free_total = np.clip(total - had, 0.0, 1.0)
    places = np.minimum(free, free_total)
    worst = np.maximum(
        _worst(free, drawn, cap, groups, group, c, rows),
        _worst(free_total, had, np.full(len(rows), float(total)), performers, performer, c, rows),
    )
    gain = expected_gain(worst, c.mean[rows], c.deviation[rows]) / c.mean[rows]
    weight = np.where(c.scenes[rows] >= _many_scenes(c), WORTH_MORE, 1.0)
    better = np.where(places < LEAST_FREE, gain, 0.0)
    value = chance * damped(c.scenes[rows]) * (places * next_face(had) + BETTER_FACE * better)
    worth = (places >= LEAST_FREE) | (chance * gain * weight >= LEAST_GAIN)
    return np.where(worth, value, 0.0)


def _before(key: Ints, by: Floats, amount: Floats) -> Floats:
    """Return the sum of `amount` over what comes before each value within its `key`, the largest
    of `by` first, equal ones in their order."""
    order = np.lexsort((-by, key))
    running = np.cumsum(amount[order]) - amount[order]
    before = np.empty_like(running)
    before[order] = running - running[run_starts(key[order])] if len(key) else running
    return before


def _worst(
    free: Floats, drawn: Floats, places: Floats, had: Had, key: Ints, c: _Columns, rows: Ints
) -> Floats:
    """Return the quality that a face has to exceed to be kept, -inf where places are free."""
    unseen = drawn - had.faces[key] > 0.5
    guess = expected_worst(drawn, places, c.mean[rows], c.deviation[rows])
    known = had.worst[key]
    worst = np.where(np.isnan(known), guess, np.where(unseen, np.fmax(known, guess), known))
    return np.where(free >= LEAST_FREE, -np.inf, worst)


def _many_scenes(c: _Columns) -> float:
    """Return how many scenes the tenth of performers with most of them have at least; where many
    more have as many, more than those have."""
    scenes = c.scenes[np.flatnonzero(np.diff(c.performer, prepend=-1))]
    most = float(np.quantile(scenes, MOST_SCENES)) if len(scenes) else 0.0
    many = np.count_nonzero(scenes >= most) > 2 * (1 - MOST_SCENES) * len(scenes)
    return most + 1 if many else most
