"""What a detector finds, whichever it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedder.geometry import non_maximum_suppression

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Turns = NDArray[np.int8]


def has_free_batch(session: Any) -> bool:
    """Does the detector take several pictures and keep their answers apart?

    A fixed axis is a number. Without an axis for pictures in the outputs, some exports mix the
    rows of different pictures.
    """
    if isinstance(session.get_inputs()[0].shape[0], int):
        return False
    return all(len(output.shape) == 3 for output in session.get_outputs())


@dataclass(frozen=True)
class Faces:
    """n faces, best score first, in pixels of the picture they were found in.

    `boxes` (n, 4) x, y, width, height; `points` (n, 5, 2) eyes, nose, mouth corners, the one
    further left in a frontal picture first; `scores` (n,); `turned` (n,) the quarters by which the
    picture had been turned when a face was found, None where it was none.
    """

    boxes: Floats
    points: Floats
    scores: Floats
    turned: Turns | None = None

    @property
    def turns(self) -> Turns:
        """(n,) quarters, counter-clockwise, that bring each face upright."""
        return np.zeros(len(self), np.int8) if self.turned is None else self.turned

    @classmethod
    def none(cls) -> Faces:
        """Nobody."""
        boxes, points, scores = (np.empty(n, np.float32) for n in ((0, 4), (0, 5, 2), (0,)))
        return cls(boxes, points, scores)

    @classmethod
    def joined(cls, several: Sequence[Faces]) -> Faces:
        """All faces of `several`, one after the other."""
        return cls(
            np.concatenate([faces.boxes for faces in several]),
            np.concatenate([faces.points for faces in several]),
            np.concatenate([faces.scores for faces in several]),
            np.concatenate([faces.turns for faces in several]),
        )

    def __len__(self) -> int:
        return len(self.scores)

    def best(self, iou: float) -> Faces:
        """Best score first, without those that overlap a better one by more than `iou`."""
        keep = non_maximum_suppression(self.boxes, self.scores, iou)
        return self.chosen(keep)

    def chosen(self, which: Sequence[int] | NDArray[np.int64]) -> Faces:
        """Only these, in this order."""
        index = np.asarray(which, np.int64)
        turns = None if self.turned is None else self.turned[index]
        return Faces(self.boxes[index], self.points[index], self.scores[index], turns)

    def mapped(self, border: int, factor: float) -> Faces:
        """In pixels of the picture before it was scaled by `factor` and given a `border`."""
        boxes, points = self.boxes.copy(), self.points.copy()
        boxes[:, :2] -= border
        points -= border
        scale = np.float32(factor)
        return Faces(boxes / scale, points / scale, self.scores, self.turned)
