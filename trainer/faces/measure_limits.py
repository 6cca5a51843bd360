"""Measure the cosines by which faces are judged on this build's own faces.

What is near for one model pack is far for another, so every limit is a quantile of genuine pairs
(two faces of one performer, a face and the mean of its performer's others) or of impostor pairs
(of two performers), or a share of the way between their medians.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from trainer.faces.agreement import Vectors
from trainer.faces.cache import FaceVectors
from trainer.faces.limits import MIN_PERFORMERS, FaceLimits
from trainer.faces.pair_samples import PairSamples

MIN_PAIRS = 200
LEAD_SHARE = 0.15  # of the way from the impostors' median to the genuine one's
CROWD_LEAD_SHARE = 0.25
# Of the nearest other performers of all faces: so many times the way from their median to their
# upper quartile lie hardly any of them (of a Gumbel distribution one in 200), and one in twenty.
LOOKALIKE_SPREAD, NEAR_SPREAD = 3.5, 2.0
ONE_PERSON_SIZES = (2, 3, 4)  # faces of the smaller of two performers; the last one: and more


def measure_limits(faces: pl.DataFrame, vectors: FaceVectors, seed: int) -> FaceLimits:
    """`faces`: performer_id, image_sha256 and face_no of images with one face; `vectors` hold all
    of them. Some of them may be somebody else's: what these add to the genuine pairs is taken off.
    """
    samples = PairSamples(faces, vectors, seed)
    few = _too_few(samples)
    return replace(
        FaceLimits() if few else _limits(samples),
        genuine_pairs=len(samples.genuine),
        impostor_pairs=len(samples.impostor),
        performers=samples.performers,
    )


def measure_record_limits(
    faces: pl.DataFrame, vectors: FaceVectors, seed: int
) -> tuple[float, float, float]:
    """Cosines of two records' mean faces: hardly a stranger's; hardly the same person's; and of two
    faces of one record that agree. `faces` as in `measure_limits`, a record for a performer."""
    samples, built_in = PairSamples(faces, vectors, seed), FaceLimits()
    if _too_few(samples):
        return built_in.alike, built_in.far_apart, built_in.pair
    to_mean = Genuine(samples.genuine_mean, samples.impostor_mean)
    alike = max(to_mean.at(0.05), _high(samples.impostor_mean))
    pair = max(Genuine(samples.genuine, samples.impostor).at(0.02), _high(samples.impostor))
    return alike, float(np.median(samples.impostor_mean)), pair


def _too_few(samples: PairSamples) -> bool:
    if samples.performers < MIN_PERFORMERS:
        return True
    return min(len(samples.genuine), len(samples.genuine_mean), len(samples.impostor)) < MIN_PAIRS


def _high(impostor: Vectors) -> float:
    return float(np.quantile(impostor, 0.99))


def _limits(samples: PairSamples) -> FaceLimits:
    to_mean = Genuine(samples.genuine_mean, samples.impostor_mean)
    pairs = Genuine(samples.genuine, samples.impostor)
    agreement = max(to_mean.at(0.02), _high(samples.impostor_mean))
    lookalike, middle = _lookalike(samples), float(np.median(samples.nearest_other))
    near = middle + (lookalike - middle) * NEAR_SPREAD / LOOKALIKE_SPREAD
    return FaceLimits(
        agreement=agreement,
        pair=max(pairs.at(0.02), _high(samples.impostor)),
        crowd=agreement,
        crowd_lead=CROWD_LEAD_SHARE * to_mean.gap,
        unsure=to_mean.at(0.25),
        floor=pairs.at(0.03),
        lead=LEAD_SHARE * to_mean.gap,
        other=min(max(pairs.at(0.10), near), to_mean.at(0.25)),
        single=min(max(pairs.at(0.25), lookalike), to_mean.at(0.5)),
        measured=True,
    )


def measure_one_person(faces: pl.DataFrame, vectors: FaceVectors, seed: int) -> dict[int, float]:
    """Cosines of two performers' mean faces that are mostly one person's and hardly two people's,
    by how many faces the smaller performer has. `faces` as in `measure_limits`, without those that
    are somebody else's."""
    samples = PairSamples(faces, vectors, seed)
    if _too_few(samples):
        return FaceLimits().one_person
    between, to_mean = samples.impostor_means, samples.impostor_mean
    base, wide = float(np.median(between)), _high(between) - float(np.median(between))
    face_base, face_wide = float(np.median(to_mean)), _high(to_mean) - float(np.median(to_mean))
    guard = base + (_lookalike(samples) - face_base) * wide / max(face_wide, 1e-6)
    found: dict[int, float] = {}
    for size in ONE_PERSON_SIZES:
        halves = samples.halves(size)
        if len(halves) >= MIN_PAIRS // 4:
            genuine = Genuine(halves, between)
            found[size] = max(genuine.at(0.05), min(guard, genuine.at(0.5)))
        else:  # as strict as for fewer faces
            found[size] = max([guard, *found.values()])
    return found


def _lookalike(samples: PairSamples) -> float:
    """Hardly a face of somebody else is nearer to the nearest of all other performers."""
    # The upper quarter of the nearest others may be right matches of misplaced faces.
    half, three_quarters = np.quantile(samples.nearest_other, [0.5, 0.75])
    return float(half + LOOKALIKE_SPREAD * (three_quarters - half))


class Genuine:
    """Quantiles of genuine pairs out of a sample in which some pairs are impostors.

    Hardly a genuine pair is below the impostors' median, so twice the share that is there is the
    share of impostors in the sample; so much of their distribution is taken off.
    """

    def __init__(self, mixed: Vectors, impostor: Vectors) -> None:
        self._values = np.sort(mixed)
        others = np.sort(impostor)
        middle = float(np.median(others))
        share = min(2 * float(np.searchsorted(self._values, middle)) / len(mixed), 0.5)
        ranks = np.arange(1, len(mixed) + 1) / len(mixed)
        theirs = np.searchsorted(others, self._values, side="right") / len(others)
        below = (ranks - share * theirs) / (1 - share)
        self._below = np.maximum.accumulate(below)
        self.gap = self.at(0.5) - middle  # between the medians

    def at(self, share: float) -> float:
        """The cosine that `share` of the genuine pairs do not exceed."""
        place = int(np.searchsorted(self._below, share))
        return float(self._values[min(place, len(self._values) - 1)])
