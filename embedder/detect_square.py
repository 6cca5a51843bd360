"""Detectors with a square input: RetinaFace (priors) and SCRFD (distances from anchor centres).

Both: the picture lies in the input's upper left corner, black fills the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
import onnxruntime as ort

from embedder.faces import Faces, Floats, Pixels, has_free_batch
from trainer.embedding.pack import SquareRule

_STRIDES = (8, 16, 32)
_PRIOR_SIDES = ((16, 32), (64, 128), (256, 512))  # pixels, a stride
_CENTRE_VARIANCE, _SIDE_VARIANCE = 0.1, 0.2
_SCRFD_ANCHORS = 2  # at each place


class _Square:
    """Input and session; subclasses turn outputs, told apart by their shapes, into faces."""

    def __init__(self, session: ort.InferenceSession, rule: SquareRule) -> None:
        self._session = session
        self._rule = rule
        self._input = session.get_inputs()[0].name
        self.free_batch = has_free_batch(session)

    def shape(self, rgb: Pixels) -> tuple[int, ...]:
        """All pictures go together: each fills the same square."""
        return (self._rule.side,)

    def __call__(self, images: Sequence[Pixels]) -> list[Faces]:
        """Faces of pictures no larger than the input; raises `ValueError` for a larger one."""
        blobs = np.concatenate([square_blob(rgb, self._rule) for rgb in images])
        values = self._session.run(None, {self._input: blobs})
        count = len(images)
        # Some exports of a single picture have no axis for it.
        parts = [
            np.asarray(value, np.float32).reshape(count, -1, value.shape[-1]) for value in values
        ]
        return [
            self._faces([part[number] for part in parts], self._rule.side).best(self._rule.nms_iou)
            for number in range(count)
        ]

    def _faces(self, outputs: list[Floats], side: int) -> Faces:
        raise NotImplementedError


def square_blob(rgb: Pixels, rule: SquareRule) -> Floats:
    """(1, 3, side, side): channels in the rule's order, scaled, black where no picture is."""
    height, width = rgb.shape[:2]
    if max(height, width) > rule.side:
        raise ValueError(f"a picture of {width} x {height} does not fit {rule.side} pixels")
    canvas = np.zeros((rule.side, rule.side, 3), np.float32)
    canvas[:height, :width] = rgb if rule.colour == "RGB" else rgb[..., ::-1]
    values = (canvas - np.asarray(rule.subtract, np.float32)) / np.float32(rule.divide)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


class RetinaFace(_Square):
    """Three outputs over all priors: boxes (n, 4), classes (n, 2: none, face), points (n, 10)."""

    def _faces(self, outputs: list[Floats], side: int) -> Faces:
        by_width = {output.shape[1]: output for output in outputs}
        boxes, classes, points = by_width[4], by_width[2], by_width[10]
        chosen = np.flatnonzero(classes[:, 1] >= self._rule.confidence)
        prior = retinaface_priors(side)[chosen]
        centre = prior[:, :2] + boxes[chosen, :2] * _CENTRE_VARIANCE * prior[:, 2:]
        sides = prior[:, 2:] * np.exp(boxes[chosen, 2:] * _SIDE_VARIANCE)
        offsets = points[chosen].reshape(-1, 5, 2) * _CENTRE_VARIANCE * prior[:, None, 2:]
        return Faces(
            np.concatenate([centre - sides / 2, sides], 1) * side,
            (prior[:, None, :2] + offsets) * side,
            classes[chosen, 1],
        )


@cache
def retinaface_priors(side: int) -> Floats:
    """(n, 4) centre x, centre y, width, height as shares of the input's side."""
    rows = [
        ((x + 0.5) * stride, (y + 0.5) * stride, prior, prior)
        for stride, sides in zip(_STRIDES, _PRIOR_SIDES, strict=True)
        for y in range(-(-side // stride))
        for x in range(-(-side // stride))
        for prior in sides
    ]
    return np.asarray(rows, np.float32) / np.float32(side)


class Scrfd(_Square):
    """Nine outputs: for each stride scores (n, 1), distances (n, 4) and points (n, 10)."""

    def _faces(self, outputs: list[Floats], side: int) -> Faces:
        found = []
        for stride in _STRIDES:
            count = (side // stride) ** 2 * _SCRFD_ANCHORS
            mine = {o.shape[1]: o for o in outputs if o.shape[0] == count}
            found.append(self._stride(mine[1][:, 0], mine[4], mine[10], stride, side))
        return Faces(*(np.concatenate(part) for part in zip(*found, strict=True)))

    def _stride(
        self, scores: Floats, distances: Floats, points: Floats, stride: int, side: int
    ) -> tuple[Floats, Floats, Floats]:
        """Left, top, right, bottom distances and points, in strides from the anchor's centre."""
        chosen = np.flatnonzero(scores >= self._rule.confidence)
        place = chosen // _SCRFD_ANCHORS
        columns = side // stride
        centre = np.stack([place % columns, place // columns], 1).astype(np.float32) * stride
        reach = distances[chosen] * stride
        first, last = centre - reach[:, :2], centre + reach[:, 2:]
        offsets = points[chosen].reshape(-1, 5, 2) * stride
        boxes = np.concatenate([first, last - first], 1)
        return boxes, centre[:, None] + offsets, scores[chosen]
