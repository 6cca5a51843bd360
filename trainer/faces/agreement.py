"""Which faces are one person: agreement with the mean of others, and the largest cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import polars as pl

from trainer.faces.cache import FaceVectors

Vectors = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.int64]

# Two pictures whose perceptual hashes differ in fewer of the 64 bits are one, resized or recoded.
SAME_IMAGE_BITS = 6
_CHUNK = 16_384  # faces as float32 at a time: 32 MB per model
_PAIRS = 2_048  # likewise, both sides and their product


def agreement(vectors: FaceVectors, faces: pl.DataFrame, trusted: pl.DataFrame) -> Vectors:
    """Cosine of every row of `faces` to the mean of its performer's `trusted` faces, (n,).

    Both frames have `performer_id` and `row` (of `vectors`). NaN where the performer has no
    trusted face. The order of rows changes nothing but rounding in the last bits.
    """
    owners = trusted.select("performer_id").unique().sort("performer_id")
    owners = owners.with_columns(pl.int_range(pl.len()).alias("centre"))
    own = trusted.join(owners, on="performer_id").sort("centre", "row")
    at = faces.join(owners, on="performer_id", how="left", maintain_order="left")["centre"]
    known = np.flatnonzero(at.is_not_null().to_numpy())
    scores = np.full(len(faces), np.nan, np.float32)
    if not known.size:
        return scores
    centres = at.drop_nulls().to_numpy()
    rows = faces["row"].to_numpy()[known]
    scores[known] = 0
    for slot in vectors.slots:
        means = _means(vectors, slot, own["row"].to_numpy(), own["centre"].to_numpy(), len(owners))
        for part in _chunks(len(rows)):
            products = vectors.rows(slot, rows[part]) * means[centres[part]]
            scores[known[part]] += products.sum(axis=1) / len(vectors.slots)
    return scores


def _means(vectors: FaceVectors, slot: str, rows: Numbers, groups: Numbers, count: int) -> Vectors:
    """The unit mean of each group's vectors, (count, d); `groups` ascending."""
    sums = np.zeros((count, vectors.width), np.float32)
    for part in _chunks(len(rows)):
        numbers, starts = np.unique(groups[part], return_index=True)
        sums[numbers] += np.add.reduceat(vectors.rows(slot, rows[part]), starts, axis=0)
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    means: Vectors = sums / np.maximum(lengths, 1e-9)
    return means


def _chunks(length: int, size: int = _CHUNK) -> Iterator[slice]:
    for start in range(0, length, size):
        yield slice(start, min(start + size, length))


def similarities(vectors: FaceVectors, rows: Sequence[int]) -> Vectors:
    """Cosines between all faces at `rows`, averaged over the models, (n, n)."""
    numbers = np.asarray(rows, np.int64)
    total = np.zeros((len(numbers), len(numbers)), np.float32)
    for slot in vectors.slots:
        own = vectors.rows(slot, numbers)
        total += own @ own.T / len(vectors.slots)
    return total


def paired(vectors: FaceVectors, left: Numbers, right: Numbers) -> Vectors:
    """Cosine of the face at `left[i]` to the one at `right[i]`, averaged over the models, (n,)."""
    alike = np.zeros(len(left), np.float32)
    for slot in vectors.slots:
        for part in _chunks(len(left), _PAIRS):
            products = vectors.rows(slot, left[part]) * vectors.rows(slot, right[part])
            alike[part] += products.sum(axis=1) / len(vectors.slots)
    return alike


def dominant(alike: Vectors, limit: float) -> list[int] | None:
    """The faces around the one that most others agree with; None where no group leads.

    `alike`: cosines between all faces, (n, n); those of `limit` and more agree. A group leads with
    at least two faces and more than any group of the rest has.
    """
    near = alike >= limit
    first = _around(near, alike, np.ones(len(alike), bool))
    rest = np.ones(len(alike), bool)
    rest[first] = False
    second = _around(near, alike, rest) if rest.any() else []
    return first if len(first) >= 2 and len(first) > len(second) else None


def _around(near: npt.NDArray[np.bool_], alike: Vectors, among: npt.NDArray[np.bool_]) -> list[int]:
    """The face with most neighbours among `among`, and these; closer ones win a tie."""
    inside = near & among & among[:, None]
    counts = inside.sum(axis=1)
    closeness = np.where(inside, alike, 0).sum(axis=1)
    centre = max(range(len(alike)), key=lambda i: (counts[i], closeness[i], -i))
    return [int(i) for i in np.flatnonzero(inside[centre])]


def distinct_images(hashes: Sequence[tuple[str, bytes | None]]) -> int:
    """How many pictures there are by sha256 and perceptual hash, resized copies counted once."""
    return len(without_copies(hashes))


def without_copies(hashes: Sequence[tuple[str, bytes | None]]) -> list[tuple[str, bytes | None]]:
    """Pictures by sha256 and perceptual hash, of resized copies the one with the lowest sha256."""
    kept: list[tuple[str, bytes | None]] = []
    for sha, phash in sorted(set(hashes), key=lambda item: item[0]):
        if not any(sha == kept_sha or _close(phash, kept_hash) for kept_sha, kept_hash in kept):
            kept.append((sha, phash))
    return kept


def _close(left: bytes | None, right: bytes | None) -> bool:
    if left is None or right is None:
        return False
    return (int.from_bytes(left) ^ int.from_bytes(right)).bit_count() < SAME_IMAGE_BITS
