"""Parquet files as Polars frames, read as tables are: with page checksums verified.

Its own module, since the embedder's environment has no Polars.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import polars as pl

from trainer.staging.parquet import read_table


def read_frame(path: Path, columns: Sequence[str] | None = None) -> pl.DataFrame:
    """Return all rows of `path` as a frame, `columns` in their order, or all of them.

    Page checksums are verified; raises `DamagedFileError` naming the file.
    """
    table = read_table(path, None if columns is None else list(columns))
    return pl.DataFrame(pl.from_arrow(table if columns is None else table.select(list(columns))))
