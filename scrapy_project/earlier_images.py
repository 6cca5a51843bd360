"""What earlier runs know of a crawl's images and of those that other sources have."""

from __future__ import annotations

from typing import Final

import polars as pl

from trainer.config.jobs import CrawlJob
from trainer.fetch_plan.columns import ADVERTISED, FETCHED, OUTCOME
from trainer.staging.frames import read_frame

_KNOWN: Final = pl.Schema(
    {
        "record": pl.String(),
        "source": pl.String(),
        "url": pl.String(),
        "outcome": OUTCOME,
        "quality": pl.Float32(),
    }
)


def known_earlier(job: CrawlJob) -> pl.DataFrame:
    """Return what earlier runs know (`trainer.crawl.known_images.KNOWN`), typed as ADVERTISED."""
    if job.known_pictures is None:
        return pl.DataFrame(schema=_KNOWN)
    return read_frame(job.known_pictures).with_columns(pl.col("outcome").cast(OUTCOME))


def with_earlier(
    ours: pl.DataFrame, source: str, performers: pl.DataFrame, earlier: pl.DataFrame
) -> pl.DataFrame:
    """ADVERTISED: `ours`, the images of `source`, with the outcomes that `earlier` knows, and the
    images of other sources. `performers`: record, performer (as in `ours`), scenes."""
    if earlier.is_empty():
        return ours
    own = earlier.filter(pl.col("source") == source)
    others = earlier.filter(pl.col("source") != source)
    return pl.concat([_with_faces(ours, own), _elsewhere(others, performers)])


def _with_faces(ours: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """An image that this crawl does not ask for has the outcome that the embedder gave it."""
    faces = known.unique("url").select("url", pl.col("outcome").alias("had"), "quality")
    joined = ours.join(faces, on="url", how="left", suffix="_had", maintain_order="left")
    settled = (pl.col("outcome") == FETCHED) & pl.col("had").is_not_null()
    return joined.with_columns(
        pl.when(settled).then("had").otherwise("outcome").alias("outcome"),
        pl.when(settled).then("quality_had").otherwise("quality").alias("quality"),
    ).select(ADVERTISED.names())


def _elsewhere(others: pl.DataFrame, performers: pl.DataFrame) -> pl.DataFrame:
    """ADVERTISED of the same performers that other sources have."""
    found = others.join(performers, on="record", maintain_order="left").with_columns(
        pl.lit("").alias("host"),
        pl.lit(0, pl.UInt16).alias("position"),
        *(pl.lit(None, pl.Int32).alias(side) for side in ("width", "height")),
    )
    return found.select(ADVERTISED.names())
