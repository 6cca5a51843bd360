"""Of which pictures degraded copies are embedded, and what is there to measure a release by."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence, Set
from itertools import islice
from pathlib import Path

import numpy as np
import polars as pl

from trainer.embedding.scene_queries import (
    known_queries,
    read_queries,
    remove_unusable,
    sample_order,
)
from trainer.faces.agreement import SAME_IMAGE_BITS
from trainer.faces.cache import read_figures
from trainer.release.evaluate import FEW_PERFORMERS
from trainer.release.files import read_manifest
from trainer.release.scene_queries import SceneQueries, released_rows
from trainer.runs.context import RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.staging.frames import read_frame

log = logging.getLogger(__name__)

SWITCHED_OFF = "the parameter scene_queries is 0"
TINY = f"fewer than {FEW_PERFORMERS} performers"
NO_IMAGES = "no picture of the sample is in the release beside others of its performer"


def why_not_embedded(context: RunContext) -> str:
    """Why no copies are embedded in this run; empty where they are."""
    params = context.plan.params
    if not params.enable_faces:
        return "the parameter enable_faces is false"
    if not params.scene_queries:
        return SWITCHED_OFF
    return TINY if _most_performers(snapshot_dirs(context).values()) < FEW_PERFORMERS else ""


def _most_performers(directories: Iterable[Path]) -> int:
    """Live records of the largest source: records are not resolved yet, and sources overlap."""
    found = [0]
    for directory in directories:
        deleted = read_frame(directory / "performers.parquet", ["deleted"])["deleted"]
        found.append(int((~deleted).sum()))
    return max(found)


def images_to_degrade(context: RunContext, wanted: Set[str]) -> list[str]:
    """The pictures of this week's sample of which there are no copies yet.

    The sample is of pictures that are still there, or whose copies are there already.
    """
    data, plan = context.data, context.plan
    _heal(data.faces(plan.pack_id))
    if why_not_embedded(context):
        return []
    known = known_queries(data.faces(plan.pack_id))
    there = (s for s in sample_order(wanted) if s in known or data.image(s).exists())
    return [sha for sha in islice(there, plan.params.scene_queries) if sha not in known]


def _heal(cache: Path) -> None:
    for name in remove_unusable(cache):
        log.info(
            f"{cache / name}: damaged or of an older version, deleted; its copies are made again"
        )


def read_scene_queries(context: RunContext, directory: Path) -> tuple[SceneQueries | None, str]:
    """What to measure a release by, or why nothing is."""
    count = context.plan.params.scene_queries
    if not count:
        return None, SWITCHED_OFF
    if read_manifest(directory).performer_count < FEW_PERFORMERS:
        return None, TINY
    cache = context.data.faces(context.plan.pack_id)
    _heal(cache)
    copies = read_queries(cache)
    released = released_rows(directory, set(copies))
    chosen = [sha for sha in sample_order(copies) if sha in released][:count]
    same = same_images(cache, chosen) if chosen else {}
    return SceneQueries({sha: copies[sha] for sha in chosen}, same), NO_IMAGES


def same_images(cache: Path, chosen: Sequence[str]) -> dict[str, set[str]]:
    """Of each of `chosen` the pictures of a face cache that have its perceptual hash, or nearly."""
    figures = read_figures(cache, ["image_sha256", "face_no", "phash"]).drop_nulls("phash")
    images = figures.unique("image_sha256", keep="first", maintain_order=True)
    names = images["image_sha256"]
    hashes = np.frombuffer(b"".join(images["phash"]), ">u8").astype(np.uint64)
    places = images.with_row_index("place").filter(pl.col("image_sha256").is_in(list(chosen)))
    return {
        sha: set(names.filter(np.bitwise_count(hashes ^ hashes[place]) < SAME_IMAGE_BITS))
        for place, sha in places.select("place", "image_sha256").iter_rows()
    }
