"""Crops of faces to unit embeddings, with the pack's exact preprocessing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from embedder.batches import Batches
from embedder.eyes_crop import eyes_crop
from embedder.geometry import TEMPLATE_112, enlarged_box, similarity_transform
from embedder.vectors import Crop, Floats, Pixels, blob, unit_rows
from trainer.embedding.pack import RecogniserRule
from trainer.staging.schemas import EMBEDDING_WIDTH


def aligned_crop(rgb: Pixels, points: NDArray[np.float32], size: int) -> Pixels:
    """The (size, size, 3) crop with the five points on the template's; black outside."""
    transform = similarity_transform(points, TEMPLATE_112 * (size / 112))
    crop = cv2.warpAffine(rgb, transform, (size, size), flags=cv2.INTER_LINEAR, borderValue=0)
    return np.asarray(crop, np.uint8)


def resized_crop(crop: Pixels, size: int) -> Pixels:
    """A square crop brought to (size, size, 3) as the sidecar does it: area interpolation."""
    if crop.shape[0] == size:
        return crop
    return np.asarray(cv2.resize(crop, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def box_crop(rgb: Pixels, box: NDArray[np.float32], scale: float, size: int) -> Pixels:
    """The enlarged box, cut to the picture and stretched to (size, size, 3)."""
    left, top, right, bottom = enlarged_box(box, scale, rgb.shape[1], rgb.shape[0])
    cut = rgb[top:bottom, left:right]
    if not cut.size:
        raise ValueError("the face's box lies outside of the picture")
    smallest = min(cut.shape[:2])
    if smallest >= 2 * size:  # area interpolation is fast by a whole number only
        cut = cv2.resize(cut, (2 * size, 2 * size))
    how = cv2.INTER_AREA if smallest > size else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(cut, (size, size), interpolation=how), np.uint8)


def crop_for(
    rule: RecogniserRule, rgb: Pixels, box: NDArray[np.float32], points: NDArray[np.float32]
) -> Crop:
    """The crop that `rule` asks for, RGB; raises `ValueError` for a degenerate face."""
    if rule.crop == "eyes":
        return eyes_crop(rgb, box, points, rule.size)
    if rule.crop == "five_points":
        return resized_crop(aligned_crop(rgb, points, rule.via or rule.size), rule.size)
    return box_crop(rgb, box, rule.box_scale or 1.0, rule.size)


class Recogniser:
    """One recognition model: crops in, unit embeddings out, `batch` faces at a time."""

    def __init__(
        self,
        session: ort.InferenceSession,
        rule: RecogniserRule,
        batch: int,
        flips: bool,
    ) -> None:
        self._session = session
        self._input = session.get_inputs()[0].name
        self._rule = rule
        self._flips = flips
        self._batches = Batches(batch)

    def __call__(self, crops: Sequence[Crop]) -> Floats:
        """(n, 512) embeddings of n RGB crops; the mean of crop and mirror where flips are on."""
        if not crops:
            return np.empty((0, EMBEDDING_WIDTH), np.float32)
        return unit_rows(np.stack(self._batches.run(self._run, crops)))

    def _run(self, batch: Sequence[Crop]) -> list[Floats]:
        crops, mirrors = _views(np.stack(batch))
        outputs = self._infer(crops)
        if self._flips:
            outputs = (outputs + self._infer(mirrors)) / np.float32(2)
        return list(outputs)

    def _infer(self, crops: Crop) -> Floats:
        values = self._session.run(None, {self._input: blob(crops, self._rule)})[0]
        return np.asarray(values, np.float32).reshape(len(crops), self._rule.width)


def _views(crops: NDArray[Any]) -> tuple[Crop, Crop]:
    """Crops and their mirror images, (n, size, size, 3) each; `eyes_crop` brings both with it."""
    if crops.ndim == 5:
        return crops[:, 0], crops[:, 1]
    return crops, crops[:, :, ::-1]
