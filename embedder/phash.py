"""A perceptual hash of a whole picture: near-duplicates differ in a few of its 64 bits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIDE = 32
_KEPT = 8
_SAMPLES = 128  # along the short side: four for each number of the small grey


def _cosines(side: int) -> NDArray[np.float64]:
    """The (side, side) matrix of the DCT-II; row k holds the k-th cosine."""
    step = np.arange(side)
    return np.asarray(np.cos(np.pi * np.outer(step, 2 * step + 1) / (2 * side)), np.float64)


def image_hash(pixels: NDArray[np.uint8]) -> bytes:
    """8 bytes of RGB `pixels` (height, width, 3): the signs, around their median, of the lowest
    8x8 frequencies of a 32x32 grey."""
    step = max(1, min(pixels.shape[:2]) // _SAMPLES)
    sampled = Image.fromarray(np.ascontiguousarray(pixels[step // 2 :: step, step // 2 :: step]))
    small = sampled.convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
    grey = np.asarray(small, np.float64)
    basis = _cosines(_SIDE)[:_KEPT]
    # Rounded: of a picture of one colour nothing but the noise of the sums would be left, which
    # depends on the machine and its threads.
    low = np.round(basis @ grey @ basis.T, 3).ravel()
    low[0] = 0.0  # the mean brightness says nothing about the picture
    return np.packbits(low > np.median(low[1:])).tobytes()
