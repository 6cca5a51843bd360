"""How many faces each performer has, and how good the worst of those that are kept is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from trainer.fetch_plan.columns import Flags, Floats, Ints


@dataclass(frozen=True)
class Had:
    """By group (of one performer's pictures at one source), or by performer: `faces` that are known
    to be good, `expected` ones of pictures that are not looked at yet, and `worst`, the quality of
    the last one that a cap lets in, nan where places are free."""

    faces: Floats
    expected: Floats
    worst: Floats

    @property
    def both(self) -> Floats:
        """Faces, those included that are only expected."""
        return self.faces + self.expected


def by_group(
    group: Ints, good: Flags, fetched: Flags, chance: Floats, quality: Floats, caps: Ints
) -> tuple[Had, Ints]:
    """Return what each group has, and the rows of `group` whose faces its cap lets in.

    `group`, `good`, `fetched`, `chance`, `quality`: one value per picture; `caps`: per group.
    """
    rows = np.flatnonzero(good)
    rows, rank = _ranked(group, quality, rows)
    worst = _at_rank(group[rows], rank, quality[rows], caps)
    count = len(caps)
    faces = np.bincount(group[rows], minlength=count).astype(np.float64)
    expected = _sums(group[fetched], chance[fetched], count)
    return Had(faces, expected, worst), rows[rank < caps[group[rows]]]


def by_performer(
    performer_of: Ints,
    groups: Had,
    caps: Ints,
    performer: Ints,
    quality: Floats,
    kept: Ints,
    total: int,
) -> Had:
    """Return what each performer has over all sources, none counted beyond its source's cap.

    `performer_of`: performer by group; `performer`, `quality`: per picture; `kept`: rows of them.
    """
    count = int(performer_of.max(initial=-1)) + 1
    known = _sums(performer_of, np.minimum(groups.faces, caps), count)
    both = _sums(performer_of, np.minimum(groups.both, caps), count)
    rows, rank = _ranked(performer, quality, kept)
    totals = np.full(count, total, np.int64)
    worst = _at_rank(performer[rows], rank, quality[rows], totals)
    return Had(known, both - known, worst)


def _sums(key: Ints, amounts: Floats, count: int) -> Floats:
    return np.bincount(key, weights=amounts, minlength=count).astype(np.float64)


def _ranked(key: Ints, quality: Floats, rows: Ints) -> tuple[Ints, Ints]:
    """Return `rows` by key and quality, the best first, and each one's rank within its key."""
    rows = rows[np.lexsort((-quality[rows], key[rows]))]
    return rows, place_in_run(key[rows])


def place_in_run(keys: Ints) -> Ints:
    """Return 0, 1, 2, ... within each run of equal `keys`."""
    starts = run_starts(keys)
    return np.arange(len(keys)) - starts


def run_starts(keys: Ints) -> Ints:
    """Return for each value where the run of equal `keys` that it stands in begins."""
    if not len(keys):
        return np.empty(0, np.int64)
    first = np.concatenate([[True], keys[1:] != keys[:-1]])
    return np.maximum.accumulate(np.where(first, np.arange(len(keys)), 0))


def _at_rank(key: Ints, rank: Ints, quality: Floats, places: Ints) -> Floats:
    """Return by key the quality at its last place; nan where fewer are there."""
    worst = np.full(len(places), np.nan)
    last = rank == places[key] - 1
    worst[key[last]] = quality[last]
    return worst
