"""Numbers in and out of a recognition model: input blobs, unit vectors, stored bytes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trainer.embedding.pack import RecogniserRule
from trainer.staging.schemas import EMBEDDING_WIDTH

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Crop = Pixels | Floats  # 0 to 255, RGB


def blob(crops: Crop, rule: RecogniserRule) -> Floats:
    """The model's input of RGB `crops` (n, size, size, 3)."""
    ordered = crops if rule.colour == "RGB" else crops[..., ::-1]
    values = (ordered.astype(np.float32) - np.float32(rule.subtract)) / np.float32(rule.divide)
    return np.ascontiguousarray(values.transpose(0, 3, 1, 2) if rule.layout == "NCHW" else values)


def unit_rows(outputs: Floats) -> Floats:
    """Rows at unit length, zero-padded to the release's width: every cosine stays as it was.

    A row that is zero or not finite comes out as NaN, for the caller to refuse.
    """
    norms = np.linalg.norm(outputs.astype(np.float64), axis=1, keepdims=True)
    with np.errstate(all="ignore"):
        unit = np.where(norms > 1e-6, outputs / norms, np.nan)
    missing = EMBEDDING_WIDTH - outputs.shape[1]
    return np.pad(unit, ((0, 0), (0, missing))).astype(np.float32)


def packed(row: Floats) -> bytes | None:
    """float16 little-endian bytes of one embedding; None where it is not finite."""
    return row.astype("<f2").tobytes() if np.isfinite(row).all() else None
