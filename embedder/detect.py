"""Faces of a picture: YuNet's outputs to boxes, five points and scores."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from embedder.geometry import non_maximum_suppression, pad_to_multiple
from trainer.embedding.pack import DetectorRule

_STRIDES = (8, 16, 32)
_MULTIPLE = 32
Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Faces:
    """n faces, best score first, in pixels of the picture they were found in.

    `boxes` (n, 4) x, y, width, height; `points` (n, 5, 2) eyes, nose, mouth corners, the one
    further left in a frontal picture first; `scores` (n,).
    """

    boxes: Floats
    points: Floats
    scores: Floats

    def __len__(self) -> int:
        return len(self.scores)

    def mapped(self, border: int, factor: float) -> Faces:
        """In pixels of the picture before it was scaled by `factor` and given a `border`."""
        boxes, points = self.boxes.copy(), self.points.copy()
        boxes[:, :2] -= border
        points -= border
        return Faces(boxes / np.float32(factor), points / np.float32(factor), self.scores)


class Detector:
    """YuNet with the pack's rule: one pass, and a second, framed one where nothing was found."""

    def __init__(self, session: ort.InferenceSession, rule: DetectorRule) -> None:
        self._session = session
        self._rule = rule
        self._input = session.get_inputs()[0].name
        self._outputs = [output.name for output in session.get_outputs()]

    def __call__(self, rgb: Pixels) -> Faces:
        """The faces of an upright picture (height, width, 3) in its own pixels."""
        longest = max(rgb.shape[:2])
        factor = min(1.0, self._rule.max_side / longest)
        faces = self._pass(rgb, factor, 0)
        if len(faces):
            return faces
        # Faces that fill the picture lie outside of what the detector was trained on; a border
        # makes them smaller against the frame, and small pictures are enlarged.
        border = round(self._rule.second_side * self._rule.second_border)
        return self._pass(rgb, self._rule.second_side / longest, border)

    def _pass(self, rgb: Pixels, factor: float, border: int) -> Faces:
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        if factor != 1:
            rgb = cv2.resize(rgb, None, fx=factor, fy=factor, interpolation=how)
        if border:
            grey = (127, 127, 127)
            rgb = cv2.copyMakeBorder(
                rgb, border, border, border, border, cv2.BORDER_CONSTANT, value=grey
            )
        return self.detect_exact(rgb).mapped(border, factor)

    def detect_exact(self, rgb: Pixels) -> Faces:
        """One pass at the picture's own size, zero-padded to a multiple of 32."""
        padded = pad_to_multiple(rgb, _MULTIPLE)
        blob = np.ascontiguousarray(padded[..., ::-1].transpose(2, 0, 1)[None], np.float32)
        values = self._session.run(None, {self._input: blob})
        outputs = {name: value[0] for name, value in zip(self._outputs, values, strict=True)}
        parts = [
            decode_stride(outputs, stride, padded.shape[1] // stride, self._rule.confidence)
            for stride in _STRIDES
        ]
        boxes, points, scores = (np.concatenate(part) for part in zip(*parts, strict=True))
        keep = non_maximum_suppression(boxes, scores, self._rule.nms_iou)
        return Faces(boxes[keep], points[keep], scores[keep])


def decode_stride(
    outputs: dict[str, Floats], stride: int, columns: int, confidence: float
) -> tuple[Floats, Floats, Floats]:
    """Boxes, points and scores of one stride's anchors at or above `confidence`."""
    classes = np.clip(outputs[f"cls_{stride}"][:, 0], 0, 1)
    objects = np.clip(outputs[f"obj_{stride}"][:, 0], 0, 1)
    scores = np.sqrt(classes * objects)
    chosen = np.flatnonzero(scores >= confidence)
    anchors = np.stack([chosen % columns, chosen // columns], 1).astype(np.float32)
    box = outputs[f"bbox_{stride}"][chosen]
    centre = (anchors + box[:, :2]) * stride
    side = np.exp(box[:, 2:]) * stride
    points = outputs[f"kps_{stride}"][chosen].reshape(-1, 5, 2)
    return (
        np.concatenate([centre - side / 2, side], 1).astype(np.float32),
        ((points + anchors[:, None]) * stride).astype(np.float32),
        scores[chosen].astype(np.float32),
    )
