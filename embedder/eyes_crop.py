"""DeepFace's own crop: the detector's box, turned until the eyes lie level, fitted into a square.

Every rounding is DeepFace's (0.0.103, `modules/detection.py`, `modules/preprocessing.py`): an index
built by it is searched with vectors that DeepFace makes.
"""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from embedder.vectors import Floats, Pixels


def eyes_crop(
    rgb: Pixels, box: NDArray[np.float32], points: NDArray[np.float32], size: int
) -> Floats:
    """(2, size, size, 3): the face, and its mirror image, whose black is not mirrored with it.

    Raises `ValueError` for a box without width or height.
    """
    level = level_box(rgb, box, points)
    height, width = level.shape[:2]
    factor = min(size / height, size / width)
    inner = (int(width * factor), int(height * factor))
    if not min(inner):
        raise ValueError("the face's box is a line")
    # In floating point and without a mean over what is shrunk, as DeepFace does it.
    shown = cv2.resize(level.astype(np.float32), inner, interpolation=cv2.INTER_LINEAR)
    views = np.zeros((2, size, size, 3), np.float32)
    left, top = (size - inner[0]) // 2, (size - inner[1]) // 2
    for view, pixels in zip(views, (shown, shown[:, ::-1]), strict=True):
        view[top : top + inner[1], left : left + inner[0]] = pixels
    return views


def level_box(rgb: Pixels, box: NDArray[np.float32], points: NDArray[np.float32]) -> Pixels:
    """The box's pixels (height, width, 3) after a turn about its centre; black outside."""
    x, y = (math.floor(value) for value in box[:2])
    width, height = (int(value) for value in box[2:])
    if min(width, height) < 1 or not np.isfinite(points[:2]).all():
        raise ValueError("the face's box has no size, or its eyes no place")
    beside, above = width // 2, height // 2
    wide = with_surroundings(rgb, x - beside, y - above, width + 2 * beside, height + 2 * above)
    across, down = np.floor(points[1]) - np.floor(points[0])
    angle = math.degrees(math.atan2(down, across))
    centre = (wide.shape[1] // 2, wide.shape[0] // 2)
    turn = cv2.getRotationMatrix2D(centre, angle, 1.0)
    turned = cv2.warpAffine(wide, turn, wide.shape[1::-1], flags=cv2.INTER_CUBIC, borderValue=0)
    return np.asarray(turned[above : above + height, beside : beside + width], np.uint8)


def with_surroundings(rgb: Pixels, left: int, top: int, width: int, height: int) -> Pixels:
    """That rectangle of a picture (height, width, 3) with endless black around it."""
    result = np.zeros((height, width, 3), np.uint8)
    first_x, first_y = max(left, 0), max(top, 0)
    last_x, last_y = min(left + width, rgb.shape[1]), min(top + height, rgb.shape[0])
    if first_x >= last_x or first_y >= last_y:
        raise ValueError("the face's box lies outside of the picture")
    cut = rgb[first_y:last_y, first_x:last_x]
    result[first_y - top : last_y - top, first_x - left : last_x - left] = cut
    return result
