"""What planning several hosts together would save, against each source's crawl planning its own.

python -m tests.bench.bench_hosts [--performers 20000] [--seed 3] [--total 12]

The population of `bench_requests`, its second source on a host of its own, each at 240 requests a
minute. `together`: one planner for both. `apart`: each crawl knows its own source only, as in the
week in which a performer is first seen at both. `told`: each also knows what the other has found.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from tests.bench.bench_requests import as_known, coverage, say, selected
from tests.bench.invented_images import HOST, SECOND, Population, invent, rules
from trainer.fetch_plan.columns import Rules
from trainer.fetch_plan.planner import plan_requests

OTHER_HOST = "other.example.test"
PER_MINUTE = 240
MINUTES = 30  # of a batch; what is found in one is known one batch later
Rows = npt.NDArray[np.int64]


def on_two_hosts(performers: int, seed: int) -> Population:
    population = invent(performers, seed)
    is_second = pl.col("source") == SECOND
    host = pl.when(is_second).then(pl.lit(OTHER_HOST)).otherwise(pl.lit(HOST))
    return Population(
        population.images.with_columns(host.alias("host")), population.usable, population.quality
    )


def limits(performers: int, total: int) -> Rules:
    rate = PER_MINUTE * performers / 110_000
    return Rules(rules(rate).sources, total, {HOST: rate, OTHER_HOST: rate})


def crawled(population: Population, limit: Rules, how: str) -> tuple[npt.NDArray[np.bool_], float]:
    """Which pictures are asked for in the end, and the scenes covered after an hour."""
    table, waiting, minute, hour = population.images, np.empty(0, np.int64), 0, 0.0
    outcome = np.zeros(len(table), np.int8)
    pairs = zip(table["source"].to_list(), table["url"].to_list(), strict=True)
    row_of = {pair: row for row, pair in enumerate(pairs)}
    while True:
        known = as_known(population, outcome).with_columns(pl.Series("row", outcome > 0))
        plans = list(_plans(known, limit, how))
        asked = [p for plan in plans for p in zip(plan["source"], plan["url"], strict=True)]
        rows: Rows = np.unique(np.array([row_of[pair] for pair in asked], np.int64))
        if not len(rows) and not len(waiting):
            return outcome > 0, hour
        outcome[waiting] = 2
        outcome[rows] = 1
        waiting, minute = rows, minute + MINUTES
        hour = coverage(population, outcome > 0) if minute == 60 else hour


def _plans(known: pl.DataFrame, limit: Rules, how: str) -> Iterator[pl.DataFrame]:
    """The next requests of the planner, or of each source's own one."""
    if how == "together":
        yield plan_requests(known.drop("row"), limit, MINUTES)
        return
    for source in limit.sources:
        own = pl.col("source") == source
        seen = known.filter(own | pl.col("row") if how == "told" else own).drop("row")
        yield plan_requests(seen, limit, MINUTES).filter(own)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--performers", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=3)
    options.add_argument("--total", type=int, default=12, help="max_faces_total")
    chosen = options.parse_args()
    population = on_two_hosts(chosen.performers, chosen.seed)
    full = selected(population, np.ones_like(population.usable))
    say(f"two hosts, {chosen.performers:,} performers, at most {chosen.total} faces:")
    for how in ("together", "told", "apart"):
        asked, hour = crawled(population, limits(chosen.performers, chosen.total), how)
        share = asked.sum() / population.images["url"].n_unique()
        faces = len(selected(population, asked)) / len(full)
        say(f"  {how}: requests {share:.1%}, faces {faces:.1%}, scenes after 1 h {hour:.1%}")


if __name__ == "__main__":
    main()
