"""How far apart two faces of one person lie, and two of different people: the two distributions
that a maximum distance has to tell apart."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field

from trainer.release import contract
from trainer.release.search import Ids
from trainer.release.search_results import Gallery
from trainer.release.vector_file import AnyVectors

STEP = 0.025
STEPS = 56  # up to 1.4; the last one has everything above
MOST_PAIRS = 20_000


class PairDistances(BaseModel):
    """Numbers of pairs by fused distance: the first is 0 to `step`, the last everything above."""

    model_config = ConfigDict(extra="forbid")

    step: float
    genuine: list[int] = Field(description="two faces of one performer")
    impostor: list[int] = Field(description="faces of two performers that are not one person")


def pair_distances(gallery: Gallery, seed: int, most: int = MOST_PAIRS) -> PairDistances:
    """Measure at most `most` pairs of each kind, drawn by `seed`."""
    random = np.random.default_rng(seed)
    genuine = _genuine(gallery.labels, random, most)
    people = gallery.labels if gallery.people is None else gallery.people
    impostor = _impostor(people, random, most)
    return PairDistances(
        step=STEP, genuine=_histogram(gallery, genuine), impostor=_histogram(gallery, impostor)
    )


def _genuine(labels: Ids, random: np.random.Generator, most: int) -> tuple[Ids, Ids]:
    """Faces whose performer has others, each with one of these: two arrays of rows."""
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)[labels[order]] if len(labels) else np.zeros(0, np.int64)
    starts = np.searchsorted(labels[order], labels[order])
    several = np.flatnonzero(sizes >= 2)
    chosen = random.permutation(several)[:most]
    place = chosen - starts[chosen]
    # Any of the others: one of size - 1 places, counted on from the face's own.
    step = 1 + (random.random(len(chosen)) * (sizes[chosen] - 1)).astype(np.int64)
    other = starts[chosen] + (place + step) % sizes[chosen]
    return order[chosen], order[other]


def _impostor(people: Ids, random: np.random.Generator, most: int) -> tuple[Ids, Ids]:
    if not len(people):
        return people, people
    left, right = random.integers(0, len(people), (2, most))
    differ = people[left] != people[right]
    return left[differ], right[differ]


def _histogram(gallery: Gallery, pairs: tuple[Ids, Ids]) -> list[int]:
    distances = np.zeros(len(pairs[0]))
    for vectors in (gallery.facenet, gallery.arcface):
        distances += contract.FUSION_WEIGHT * (1 - _cosines(vectors, pairs))
    bins = np.clip((distances / STEP).astype(np.int64), 0, STEPS - 1)
    return [int(count) for count in np.bincount(bins, minlength=STEPS)]


def _cosines(vectors: AnyVectors, pairs: tuple[Ids, Ids]) -> npt.NDArray[np.float64]:
    """Of the rows of each pair, some thousand at a time."""
    left, right = pairs
    found = np.empty(len(left))
    for start in range(0, len(left), 4096):
        part = slice(start, start + 4096)
        found[part] = np.einsum("ij,ij->i", vectors[left[part]], vectors[right[part]])
    return found
