"""What the planner is given and what it answers: the columns, and the rules of the sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import polars as pl

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

OPEN, FETCHED, GOOD, NONE = "open", "fetched", "good", "none"
# open: not asked for yet. fetched: its faces are not known yet. good: shows one face that can be
# used, of `quality`. none: was asked for, and gave no such face.
OUTCOME = pl.Enum([OPEN, FETCHED, GOOD, NONE])

# One row per picture that a record of a performer advertises.
ADVERTISED = pl.Schema(
    {
        "performer": pl.UInt32(),
        "scenes": pl.UInt32(),  # of the performer, the same in all of its rows
        "source": pl.String(),
        "host": pl.String(),  # whose rate a request counts against
        "url": pl.String(),
        "position": pl.UInt16(),  # in the source's order
        "width": pl.Int32(),  # pixels as the source states them, null where it does not
        "height": pl.Int32(),
        "outcome": OUTCOME,
        "quality": pl.Float32(),  # of good ones, else null
    }
)


@dataclass(frozen=True)
class SourceRule:
    """`cap`: maximum number of faces kept per performer of this source."""

    cap: int
    trust: Literal["high", "medium", "low"] = "high"


@dataclass(frozen=True)
class Rules:
    """`total`: maximum number of faces kept per performer. `per_minute`: requests by host."""

    sources: Mapping[str, SourceRule]
    total: int
    per_minute: Mapping[str, float]
