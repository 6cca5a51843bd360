"""YuNet's outputs to boxes, five points and scores."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import onnxruntime as ort

from embedder.faces import Faces, Floats, Pixels, has_free_batch
from embedder.geometry import pad_to_multiple
from trainer.embedding.pack import YunetRule

_STRIDES = (8, 16, 32)
_MULTIPLE = 32


class YuNet:
    """Pictures at their own size, zero-padded to a multiple of 32; raw BGR in."""

    def __init__(self, session: ort.InferenceSession, rule: YunetRule) -> None:
        self._session = session
        self._rule = rule
        self._input = session.get_inputs()[0].name
        self._outputs = [output.name for output in session.get_outputs()]
        self._buffer = np.empty(0, np.float32)
        self.free_batch = has_free_batch(session)

    def shape(self, rgb: Pixels) -> tuple[int, ...]:
        """Padded height and width."""
        return tuple(side + -side % _MULTIPLE for side in rgb.shape[:2])

    def __call__(self, images: Sequence[Pixels]) -> list[Faces]:
        """The faces of pictures of one `shape`."""
        values = self._session.run(None, {self._input: self._blob(images)})
        width = self.shape(images[0])[1]
        return [
            self._faces(dict(zip(self._outputs, single, strict=True)), width)
            for single in zip(*values, strict=True)
        ]

    def _blob(self, images: Sequence[Pixels]) -> Floats:
        """(n, 3, height, width): black where no picture is. The buffer is used again."""
        shape = (len(images), 3, *self.shape(images[0]))
        if self._buffer.shape != shape:
            self._buffer = np.empty(shape, np.float32)
        for number, rgb in enumerate(images):
            planes = cv2.split(pad_to_multiple(rgb, _MULTIPLE))
            for channel, plane in zip((2, 1, 0), planes, strict=True):
                self._buffer[number, channel] = plane
        return self._buffer

    def _faces(self, outputs: dict[str, Floats], width: int) -> Faces:
        parts = [
            decode_stride(outputs, stride, width // stride, self._rule.confidence)
            for stride in _STRIDES
        ]
        found = Faces(*(np.concatenate(part) for part in zip(*parts, strict=True)))
        return found.best(self._rule.nms_iou)


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
