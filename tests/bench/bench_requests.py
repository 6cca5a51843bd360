"""What the planner of pictures saves, on simulated time over an invented population.

python -m tests.bench.bench_requests [--performers 110000] [--seed 1]

A host answers 240 requests a minute. Pictures are asked for in batches of the planner's choice, and
what the embedder found in a batch is known one batch later. Compared with asking for everything,
and with the order of names.
"""

from __future__ import annotations

import argparse
import resource
import sys
import time
from dataclasses import dataclass, field

import numpy as np
import polars as pl

from tests.bench.invented_images import Population, invent, rules
from trainer.fetch_plan.columns import OUTCOME
from trainer.fetch_plan.planner import plan_requests

PER_MINUTE = 240
FIRST_HOURS, BATCH, LONG_BATCH = 6, 10, 60  # minutes of a batch: short ones while it matters
ENOUGH = 2  # good faces by which a performer counts as covered
MARKS = (60, 360)  # minutes at which coverage is measured
OUTCOME_NAMES = np.array(OUTCOME.categories.to_list())


@dataclass
class Seen:
    """What a simulated crawl did."""

    covered: dict[int, float] = field(default_factory=dict)  # minute -> share of the scenes
    requests: int = 0
    asked: np.ndarray = field(default_factory=lambda: np.empty(0, bool))
    slowest: float = 0.0  # seconds of CPU: the machine may be busy with other things
    plans: int = 0


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--performers", type=int, default=110_000)
    options.add_argument("--seed", type=int, default=1)
    chosen = options.parse_args()
    population = invent(chosen.performers, chosen.seed)
    factor = chosen.performers / 110_000
    say(
        f"{chosen.performers:,} performers, {len(population.images):,} pictures, "
        f"{1 - population.usable.mean():.1%} without a usable face"
    )
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = planned(population, PER_MINUTE * factor)
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    by_name = named(population, PER_MINUTE * factor)
    for mark in MARKS:
        say(
            f"scenes covered after {mark // 60} h: {seen.covered[mark]:.1%} "
            f"(by name {by_name[mark]:.1%})"
        )
    everything = int(population.images["url"].n_unique())
    say(f"planner: {seen.plans} batches, slowest {seen.slowest:.2f} s, {memory:.0f} MB more")
    say(f"embedded meanwhile, until nothing is worth a request, of {everything:,} requests:")
    compare(population, seen.asked, seen.requests / everything)
    asked = at_once(population)
    say("one crawl of which nothing is embedded meanwhile:")
    compare(population, asked, asked.sum() / everything)
    return 0


def planned(population: Population, per_minute: float) -> Seen:
    """Ask in the planner's order until nothing is worth a request."""
    seen, table = Seen(), population.images
    row_of = dict(zip(table["url"].to_list(), range(len(table)), strict=True))
    outcome = np.zeros(len(table), np.int8)  # 0 open, 1 fetched, 2 known
    minute, limits = 0, rules(per_minute)
    waiting: list[np.ndarray] = []
    while True:
        length = BATCH if minute < FIRST_HOURS * 60 else LONG_BATCH
        began = time.process_time()
        plan = plan_requests(as_known(population, outcome), limits, length)
        seen.slowest = max(seen.slowest, time.process_time() - began)
        seen.plans += 1
        if not len(plan) and not waiting:
            break
        rows = np.array([row_of[url] for url in plan["url"].to_list()], np.int64)
        seen.requests += len(rows)
        for earlier in waiting:
            outcome[earlier] = 2
        waiting = [rows] if len(rows) else []
        outcome[rows] = 1
        minute += length
        if minute in MARKS:
            seen.covered[minute] = coverage(population, outcome > 0)
    for mark in MARKS:
        seen.covered.setdefault(mark, coverage(population, outcome > 0))
    seen.asked = outcome > 0
    return seen


def as_known(population: Population, outcome: np.ndarray) -> pl.DataFrame:
    """ADVERTISED with what is known once `outcome` says which were asked for."""
    named = np.where(outcome == 2, np.where(population.usable, 2, 3), outcome.astype(np.int64))
    quality = np.where(named == 2, population.quality, np.nan)
    return population.images.with_columns(
        pl.Series("outcome", OUTCOME_NAMES[named], OUTCOME),
        pl.Series("quality", quality, pl.Float32).fill_nan(None),
    )


def named(population: Population, per_minute: float) -> dict[int, float]:
    """Coverage by minute where pictures are asked for as the sources list them."""
    return {
        mark: coverage(population, np.arange(len(population.usable)) < mark * per_minute)
        for mark in MARKS
    }


def coverage(population: Population, asked: np.ndarray) -> float:
    """Share of the scenes, as far as asking for everything would cover them."""
    images = population.images
    owner = images["performer"].to_numpy()
    scenes = np.zeros(owner.max() + 1)
    scenes[owner] = images["scenes"].to_numpy()
    could = np.bincount(owner[population.usable], minlength=len(scenes)) >= ENOUGH
    does = np.bincount(owner[population.usable & asked], minlength=len(scenes)) >= ENOUGH
    return float(scenes[does].sum() / scenes[could].sum())


def at_once(population: Population) -> np.ndarray:
    """Which pictures a crawl asks for that knows nothing of the faces, as the first one does."""
    none = np.zeros(len(population.usable), np.int8)
    plan = plan_requests(as_known(population, none), rules(PER_MINUTE), None)
    table = population.images
    keys = ["url", "source", "performer"]
    found: np.ndarray = (
        table.select(pl.struct(keys).is_in(plan.select(pl.struct(keys))["url"].implode()))
        .to_series()
        .to_numpy()
    )
    return found


def compare(population: Population, asked: np.ndarray, share: float) -> None:
    """Faces that would be selected, against asking for everything: number, mean quality."""
    everything = np.ones_like(population.usable)
    full, ours = (selected(population, which) for which in (everything, asked))
    say(f"  requests {share:.1%}; faces selected {len(ours) / len(full):.2%} of {len(full):,}")
    most = population.images.select("performer", "scenes").unique()["scenes"].quantile(0.9)
    for name, part in (("all", pl.lit(True)), ("most scenes", pl.col("scenes") >= most)):
        means = [frame.filter(part)["quality"].mean() for frame in (ours, full)]
        say(f"  mean quality, {name}: {means[0] / means[1]:.2%}")  # type: ignore[operator]


def selected(population: Population, asked: np.ndarray) -> pl.DataFrame:
    """The best faces up to the caps, of what was asked for."""
    limits = rules(1.0)
    rank = pl.col("quality").rank("ordinal", descending=True)
    cap = next(iter(limits.sources.values())).cap
    return (
        population.images.select("performer", "scenes", "source", "url")
        .with_columns(pl.Series("quality", population.quality))
        .filter(pl.Series(population.usable & asked))
        .unique("url", keep="first", maintain_order=True)
        .filter(rank.over("performer", "source") <= cap)
        .filter(rank.over("performer") <= limits.total)
    )


if __name__ == "__main__":
    sys.exit(main())
