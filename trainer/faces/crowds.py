"""The largest faces of images with several faces, for performers of whom no other face is taken."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.agreement import Vectors, similarities, without_copies
from trainer.faces.cache import FaceVectors
from trainer.faces.limits import FaceLimits

# The largest face has this many times the area of the next one. People side by side hardly ever
# differ so much; `make bench-crowds` prints what other values would do.
CLEARLY_LARGEST: Final = 3.0
_IMAGE = ["performer_id", "image_sha256"]


def with_times_next(faces: pl.DataFrame, judged: pl.DataFrame) -> pl.DataFrame:
    """Add `times_next` to `faces`: the area of a face divided by that of the largest other face.

    Above 1 for the largest face only, infinite where the image has one face, null where not every
    face of the image has a box. `judged` has all faces of these images, the small ones as well.
    """
    area = (pl.col("box").arr.get(2) * pl.col("box").arr.get(3)).alias("area")
    found = judged.filter(pl.col("box").is_not_null())
    found = found.join(faces.select(_IMAGE).unique(), on=_IMAGE, how="semi")
    found = found.select(*_IMAGE, "face_no", "faces_in_image", area)
    boxes, largest = pl.len().over(_IMAGE), pl.col("area").max().over(_IMAGE)
    second = pl.col("area").top_k(2).min().over(_IMAGE)
    other = pl.when(pl.col("area") == largest).then(second).otherwise(largest)
    times = pl.when(boxes > 1).then(pl.col("area") / other).otherwise(float("inf"))
    complete = pl.when(boxes == pl.col("faces_in_image")).then(times)
    known = found.select(*_IMAGE, "face_no", complete.alias("times_next"))
    return faces.join(known, on=[*_IMAGE, "face_no"], how="left", maintain_order="left")


def largest_faces(faces: pl.DataFrame) -> pl.DataFrame:
    """The largest face of each image of one performer, copies of an image once."""
    largest = faces.filter(pl.col("times_next") > 1)
    kept = without_copies(largest.select("image_sha256", "phash").rows())
    return largest.filter(pl.col("image_sha256").is_in([sha for sha, _ in kept]))


def vouching(
    largest: pl.DataFrame,
    faces: pl.DataFrame,
    vectors: FaceVectors,
    limits: FaceLimits,
    clearly: float = CLEARLY_LARGEST,
) -> Vectors:
    """Cosines between the `largest` faces of one performer's images, (n, n); 0 where two images do
    not vouch for each other.

    They do where no other two of their `faces` may be one person's. Of people who are together in
    both images, each is as like itself: there both faces have to be `clearly` the largest.
    """
    alike = similarities(vectors, faces["row"].to_list())
    images = faces["image_sha256"].to_numpy()
    shas, numbers = largest["image_sha256"].to_list(), largest["face_no"].to_list()
    inside = [np.flatnonzero(images == sha) for sha in shas]
    order = {key: at for at, key in enumerate(faces.select("image_sha256", "face_no").iter_rows())}
    places = [order[key] for key in zip(shas, numbers, strict=True)]
    clear = (largest["times_next"] >= clearly).to_numpy()
    found = np.eye(len(places), dtype=np.float32)
    for i, place in enumerate(places):
        for j in range(i):
            next_best = _next_best(alike, (inside[i], inside[j]), (place, places[j]))
            cosine = alike[place, places[j]]
            alone = next_best < limits.floor and cosine - next_best >= limits.crowd_lead
            if alone or (clear[i] and clear[j]):
                found[i, j] = found[j, i] = cosine
    return found


def _next_best(
    alike: Vectors,
    images: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]],
    pair: tuple[int, int],
) -> float:
    """The largest cosine of a face in one of two images and one in the other, but for `pair`."""
    between = alike[np.ix_(*images)].copy()
    between[images[0] == pair[0], images[1] == pair[1]] = -np.inf
    return float(between.max())


def clearly_largest(
    faces: pl.DataFrame,
    vectors: FaceVectors,
    limits: FaceLimits,
    clearly: float = CLEARLY_LARGEST,
) -> pl.DataFrame:
    """The face that is clearly the largest of its image; none where other images contradict it.

    `faces` of one performer's images. Where it has several images, the face has to be in another
    one as well, of whatever size, and no other clearly largest face may be.
    """
    clear = largest_faces(faces).filter(pl.col("times_next") >= clearly)
    images = without_copies(faces.select("image_sha256", "phash").rows())
    if clear.is_empty() or len(images) == 1:
        return clear
    others = faces.filter(pl.col("image_sha256").is_in([sha for sha, _ in images]))
    rows = [*clear["row"].to_list(), *others["row"].to_list()]
    alike = similarities(vectors, rows)[: len(clear), len(clear) :]
    elsewhere = clear["image_sha256"].to_numpy()[:, None] != others["image_sha256"].to_numpy()
    seen = ((alike >= limits.pair) & elsewhere).any(axis=1)
    return clear.filter(pl.Series(seen)) if seen.sum() == 1 else clear.clear()
