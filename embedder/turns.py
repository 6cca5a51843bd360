"""Quarter turns of pictures, and of boxes and points with them.

Turns are counted counter-clockwise, 1 is 90 degrees. Coordinates are pixels from the upper left
corner.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedder.faces import Faces, Floats, Pixels

LEAN = 45.0  # degrees: what leans further is nearer to another quarter
REFUSED_LEAN = 60.0  # a head leans so far in no picture that shows it upright


def turned_pixels(rgb: Pixels, turn: int) -> Pixels:
    """The picture turned by `turn` quarters; itself for none."""
    return np.ascontiguousarray(np.rot90(rgb, turn)) if turn else rgb


def turned_points(points: Floats, turn: int, width: float, height: float) -> Floats:
    """Where (..., 2) points of a picture of `width` x `height` lie when it has been turned."""
    for _ in range(turn % 4):
        points = np.stack([points[..., 1], np.float32(width) - points[..., 0]], -1)
        width, height = height, width
    return points


def turned_boxes(boxes: Floats, turn: int, width: float, height: float) -> Floats:
    """The same for (..., 4) x, y, width, height."""
    first = turned_points(boxes[..., :2], turn, width, height)
    last = turned_points(boxes[..., :2] + boxes[..., 2:], turn, width, height)
    corner = np.minimum(first, last)
    return np.concatenate([corner, np.maximum(first, last) - corner], -1)


def turned_back(faces: Faces, turn: int, width: float, height: float) -> Faces:
    """Faces that were found in a picture of `width` x `height` when it had been turned, in its own
    pixels; they keep in mind which turn that was."""
    if not turn:
        return faces
    size = (height, width) if turn % 2 else (width, height)
    return Faces(
        turned_boxes(faces.boxes, -turn, *size),
        turned_points(faces.points, -turn, *size),
        faces.scores,
        np.full(len(faces), turn, np.int8),
    )


def lean(points: NDArray[Any]) -> float:
    """Degrees, 0 to 180, between a face's axis (eyes to mouth) and straight down.

    The axis and not the line of the eyes, which is short in a profile.
    """
    axis = np.asarray(points[3:], np.float64).mean(0) - np.asarray(points[:2], np.float64).mean(0)
    return abs(math.degrees(math.atan2(axis[0], axis[1])))


def stands_upright(points: Floats, turn: int) -> bool:
    """Eyes above nose above mouth, and the axis nearer to straight down than to a quarter turn, in
    the picture as it is turned."""
    points = turned_points(points, turn, 0, 0)  # the same but for a shift
    eyes, nose, mouth = points[:2, 1].mean(), points[2, 1], points[3:, 1].mean()
    return bool(eyes < nose < mouth) and lean(points) <= LEAN
