"""The dominant cluster of one performer's faces, where no source is trusted on its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from trainer.faces.agreement import Numbers, Vectors, distinct_images, dominant


def trusted_cluster(group: pl.DataFrame, alike: Vectors, limit: float) -> set[int] | None:
    """Return the rows of the dominant cluster; None where there is none of two pictures.

    Faces of low trust join it beside another source's only. `alike`: cosines, (faces, faces).
    """
    medium = np.flatnonzero((group["trust"] == "medium").to_numpy())
    found = dominant(alike[np.ix_(medium, medium)], limit) if len(medium) >= 2 else None
    sources = group["source"].to_list()
    if found is None:
        chosen = _of_two_sources(alike, sources, limit)
    else:
        chosen = _around(medium[found], medium, alike, sources, limit)
    hashes = group.select("image_sha256", "phash").rows()
    return chosen if distinct_images([hashes[i] for i in sorted(chosen)]) >= 2 else None


def _around(
    core: Numbers, medium: Numbers, alike: Vectors, sources: Sequence[str], limit: float
) -> set[int]:
    """Return a core of medium trust, with the faces of low trust near it that are of another
    source than one of the core's."""
    near = np.flatnonzero(alike[:, core].mean(axis=1) >= limit).tolist()
    members: set[int] = set(core.tolist())
    return members | {
        i for i in near if i not in medium and any(sources[c] != sources[i] for c in members)
    }


def _of_two_sources(alike: Vectors, sources: Sequence[str], limit: float) -> set[int]:
    """Return the dominant cluster of all faces, if two sources vouch for it."""
    cluster = dominant(alike, limit) or ()
    return set(cluster) if len({sources[i] for i in cluster}) >= 2 else set()
