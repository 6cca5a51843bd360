"""The best next requests per host: who lacks faces first, by what they are likely to bring."""

from __future__ import annotations

import numpy as np
import polars as pl

from trainer.fetch_plan.chances import with_chances
from trainer.fetch_plan.columns import OPEN, Rules
from trainer.fetch_plan.values import values

_ORDER = ("performer", "source", "position")


def plan_requests(images: pl.DataFrame, rules: Rules, minutes: float | None) -> pl.DataFrame:
    """Return the pictures that are worth a request, best first: `url`, `performer`, `source`,
    `host`, `value`; of each host as many as its rate lets through in `minutes` (None: all).

    `images`: ADVERTISED, every picture that is known of the performers, whatever became of it.
    Never among them: what was asked for, copies by URL, and pictures of performers whose caps are
    full of faces that one more is not expected to improve. The same rows give the same answer.
    """
    known = with_chances(_each_url_once(images, rules), rules.sources)
    rows = np.flatnonzero((known["outcome"] == OPEN).to_numpy())
    value = values(known, rows, rules)
    worth = value > 0
    rows, value = rows[worth], value[worth]
    order = np.lexsort((rows, -value))
    found = (
        known[rows[order]]
        .select("url", "performer", "source", "host")
        .with_columns(pl.Series("value", value[order]))
    )
    return found if minutes is None else _within(found, rules, minutes)


def _each_url_once(images: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Of copies the one that was asked for, else that of the most trusted source."""
    trust = {key: ("high", "medium", "low").index(s.trust) for key, s in rules.sources.items()}
    repeated = pl.col("url").is_duplicated()
    copies = images.filter(repeated)
    if not len(copies):
        return images.sort(*_ORDER, maintain_order=True)
    first = copies.sort(
        pl.col("outcome") == OPEN,
        pl.col("source").replace_strict(trust, return_dtype=pl.Int8),
        *(pl.col(key) for key in ("source", "performer", "position")),
        maintain_order=True,
    ).unique("url", keep="first", maintain_order=True)
    return pl.concat([images.filter(~repeated), first]).sort(*_ORDER, maintain_order=True)


def _within(found: pl.DataFrame, rules: Rules, minutes: float) -> pl.DataFrame:
    """As many per host as its rate lets through."""
    most = {host: int(rate * minutes) for host, rate in rules.per_minute.items()}
    place = pl.int_range(pl.len()).over("host")
    return found.filter(place < pl.col("host").replace_strict(most, return_dtype=pl.Int64))
