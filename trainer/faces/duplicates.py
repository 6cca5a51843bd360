"""One picture in several copies: once for a performer, and for nobody where two have it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.agreement import SAME_IMAGE_BITS, Numbers, paired
from trainer.faces.cache import FaceVectors
from trainer.faces.select import CONFLICT, SEVERAL, SINGLE, TRUST
from trainer.faces.trust import with_rows

NEAR_DUPLICATE = "near_duplicate"
# Copies of one picture show one face. Without this, portraits before plain walls would be
# conflicts: their perceptual hashes are far from random.
SAME_FACE = 0.8
_BANDS = ((0, 22), (22, 21), (43, 21))  # first bit and width; few hashes share a wide one
_FEWEST_BITS = 8  # of 64 set or unset: an empty picture's hash is nobody's
_PAIRS = 4_000_000  # looked at together: about 100 MB
_USABLE = [SINGLE, SEVERAL]
Hashes = npt.NDArray[np.uint64]


def near_pairs(hashes: Hashes) -> Numbers:
    """All pairs (i, j), i < j, of distinct hashes that differ in fewer than SAME_PICTURE_BITS.

    Of five differing bits one of the three bands has one at most, so that looking up every band as
    it is and with each of its bits turned finds all. Returns (n, 2), ascending.
    """
    found = [np.empty((0, 2), np.int64)]
    for shift, width in _BANDS:
        band = ((hashes >> np.uint64(shift)) & np.uint64((1 << width) - 1)).astype(np.int64)
        order = np.argsort(band, kind="stable")
        sizes = np.bincount(band, minlength=1 << width)
        starts = np.cumsum(sizes) - sizes
        found += _verified(hashes, np.arange(len(hashes)), order, starts[band], sizes[band])
        for bit in range(width):  # the half that has it set is met from the other one
            left = np.flatnonzero(~band >> bit & 1)
            key = band[left] | 1 << bit
            found += _verified(hashes, left, order, starts[key], sizes[key])
    return np.unique(np.concatenate(found), axis=0)


def _verified(
    hashes: Hashes, lefts: Numbers, order: Numbers, starts: Numbers, sizes: Numbers
) -> Iterator[Numbers]:
    """Near pairs of each of `lefts` and the `sizes` ones from `starts` in `order`."""
    total = np.cumsum(sizes)
    full = np.searchsorted(total, np.arange(0, total.max(initial=0), _PAIRS))
    for first, last in itertools.pairwise(np.unique([0, *full, len(sizes)])):
        part = sizes[first:last]
        left = np.repeat(lefts[first:last], part)
        within = np.arange(len(left)) - np.repeat(np.cumsum(part) - part, part)
        right = order[np.repeat(starts[first:last], part) + within]
        near = np.bitwise_count(hashes[left] ^ hashes[right]) < SAME_IMAGE_BITS
        near &= left != right
        yield np.sort(np.stack([left[near], right[near]], axis=1), axis=1)


def _hashes(column: pl.Series) -> Hashes:
    return np.frombuffer(b"".join(column.to_list()), ">u8").astype(np.uint64)


def mark_conflicts(judged: pl.DataFrame, vectors: FaceVectors) -> pl.DataFrame:
    """`judged` with rule CONFLICT for copies of one picture under several performers.

    Adds `other_performer_id`: the first other one who has it. `vectors` hold the faces with the
    rules `single_face` and `several_faces`.
    """
    same = judged.filter(pl.col("rule") == CONFLICT).select("performer_id", "image_sha256")
    exact = same.join(same, on="image_sha256", suffix="_other").filter(
        pl.col("performer_id") != pl.col("performer_id_other")
    )
    pairs = pl.concat([exact.rename({"performer_id_other": "other"}), _recoded(judged, vectors)])
    first = pairs.group_by("performer_id", "image_sha256").agg(
        pl.col("other").min().alias("other_performer_id")
    )
    marked = judged.join(
        first, on=["performer_id", "image_sha256"], how="left", maintain_order="left"
    )
    hit = pl.col("other_performer_id").is_not_null() & pl.col("rule").is_in(_USABLE)
    return marked.with_columns(
        pl.when(hit).then(pl.lit(CONFLICT)).otherwise(pl.col("rule")).alias("rule")
    )


def _recoded(judged: pl.DataFrame, vectors: FaceVectors) -> pl.DataFrame:
    """performer_id, image_sha256, other: near-equal pictures that show one face."""
    usable = judged.filter(pl.col("rule").is_in(_USABLE) & pl.col("phash").is_not_null())
    faces = with_rows(usable, vectors).select("performer_id", "image_sha256", "phash", "row")
    values = faces.select("phash").unique().sort("phash").with_row_index("hash")
    bits = np.bitwise_count(_hashes(values["phash"]))
    values = values.filter((bits >= _FEWEST_BITS) & (bits <= 64 - _FEWEST_BITS))
    near = np.asarray(values["hash"])[near_pairs(_hashes(values["phash"]))]
    own = np.repeat(np.asarray(values["hash"])[:, None], 2, axis=1)
    both = np.concatenate([near, near[:, ::-1], own]).astype(np.uint32)
    faces = faces.join(values, on="phash").drop("phash")
    pairs = (
        faces.join(pl.DataFrame({"hash": both[:, 0], "hash_other": both[:, 1]}), on="hash")
        .join(faces, left_on="hash_other", right_on="hash", suffix="_other")
        .filter(pl.col("performer_id") != pl.col("performer_id_other"))
    )
    alike = paired(vectors, pairs["row"].to_numpy(), pairs["row_other"].to_numpy())
    return pairs.filter(alike >= SAME_FACE).select(
        "performer_id", "image_sha256", pl.col("performer_id_other").alias("other")
    )


def once(judged: pl.DataFrame) -> pl.DataFrame:
    """`judged` with `near_duplicate` for all but the best copy of a performer's picture.

    Best: by trust, then with one face rather than several, then by quality.
    """
    rank = pl.col("trust").replace_strict(list(TRUST), [0, 1, 2], return_dtype=pl.Int8)
    usable = judged.filter(pl.col("rule").is_in(_USABLE) & pl.col("phash").is_not_null())
    images = (
        usable.group_by("performer_id", "image_sha256", "phash")
        .agg(rank.min().alias("rank"), pl.len().alias("faces"), pl.col("quality_score").max())
        .filter(pl.len().over("performer_id") > 1)
        .sort(
            ["performer_id", "rank", "faces", "quality_score", "image_sha256"],
            descending=[False, False, False, True, False],
        )
        .with_row_index("number")
    )
    gone = _copies(images)
    lost = images[gone].select("performer_id", "image_sha256", pl.lit(True).alias("copy"))
    marked = judged.join(
        lost, on=["performer_id", "image_sha256"], how="left", maintain_order="left"
    )
    hit = pl.col("copy").fill_null(False) & pl.col("rule").is_in(_USABLE)
    rule = pl.when(hit).then(pl.lit(NEAR_DUPLICATE)).otherwise(pl.col("rule"))
    return marked.with_columns(rule.alias("rule")).drop("copy")


def _copies(images: pl.DataFrame) -> list[int]:
    """Numbers of pictures near a better one that stays; `images` best first."""
    hashes = _hashes(images["phash"])
    numbers = images.select("performer_id", "number")
    pairs = numbers.join(numbers, on="performer_id", suffix="_worse").filter(
        pl.col("number") < pl.col("number_worse")
    )
    better, worse = pairs["number"].to_numpy(), pairs["number_worse"].to_numpy()
    near = np.bitwise_count(hashes[better] ^ hashes[worse]) < SAME_IMAGE_BITS
    gone: set[int] = set()
    for better_one, worse_one in sorted(
        zip(better[near].tolist(), worse[near].tolist(), strict=True)
    ):
        if better_one not in gone:
            gone.add(worse_one)
    return sorted(gone)
