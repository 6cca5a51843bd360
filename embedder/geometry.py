"""Plane geometry on numpy arrays: padding, overlap, alignment, head pose. No image library."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The five points of a frontal face in a 112x112 crop, as the ArcFace family was trained.
TEMPLATE_112 = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    np.float64,
)
_TEMPLATE_EYES = TEMPLATE_112[:2].mean(0)
_TEMPLATE_MOUTH = TEMPLATE_112[3:].mean(0)
# How far down between eyes and mouth the nose of a level face lies.
_LEVEL_NOSE = float(
    (TEMPLATE_112[2, 1] - _TEMPLATE_EYES[1]) / (_TEMPLATE_MOUTH[1] - _TEMPLATE_EYES[1])
)


@dataclass(frozen=True)
class Pose:
    """Estimates in degrees; 0, 0, 0 looks straight into the camera, upright."""

    yaw: float
    pitch: float
    roll: float


def pad_to_multiple(image: NDArray[np.uint8], multiple: int) -> NDArray[np.uint8]:
    """The picture with black rows and columns added below and to the right."""
    height, width = image.shape[:2]
    return np.pad(image, ((0, -height % multiple), (0, -width % multiple), (0, 0)))


def non_maximum_suppression(
    boxes: NDArray[np.float32], scores: NDArray[np.float32], limit: float
) -> list[int]:
    """Indices kept, best score first: none overlaps a better one by more than `limit` (IoU)."""
    left, top = boxes[:, 0], boxes[:, 1]
    right, bottom = left + boxes[:, 2], top + boxes[:, 3]
    area = boxes[:, 2] * boxes[:, 3]
    order = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while order.size:
        best, rest = order[0], order[1:]
        kept.append(int(best))
        width = np.minimum(right[best], right[rest]) - np.maximum(left[best], left[rest])
        height = np.minimum(bottom[best], bottom[rest]) - np.maximum(top[best], top[rest])
        shared = np.maximum(width, 0) * np.maximum(height, 0)
        order = rest[shared / (area[best] + area[rest] - shared) <= limit]
    return kept


def similarity_transform(source: NDArray[Any], target: NDArray[Any]) -> NDArray[np.float64]:
    """The (2, 3) rotation, scale and shift that brings `source` (n, 2) nearest to `target`.

    Least squares in complex numbers: target = a * source + b has one closed solution, and no
    mirroring can come out of it.
    """
    here, there = _complex(source), _complex(target)
    centred = here - here.mean()
    spread = float(np.vdot(centred, centred).real)
    if spread == 0.0 or not math.isfinite(spread):
        raise ValueError("the points coincide or are not finite: no transform")
    turn = complex(np.vdot(centred, there - there.mean())) / spread
    shift = complex(there.mean() - turn * here.mean())
    return np.array(
        [[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]], np.float64
    )


def _complex(points: NDArray[Any]) -> NDArray[np.complex128]:
    points = np.asarray(points, np.float64)
    return np.asarray(points[:, 0] + 1j * points[:, 1], np.complex128)


def enlarged_box(
    box: NDArray[Any], scale: float, width: int, height: int
) -> tuple[int, int, int, int]:
    """left, top, right, bottom of `box` (x, y, w, h) scaled about its centre, in the picture."""
    x, y, w, h = (float(value) for value in box)
    left, top = x - w * (scale - 1) / 2, y - h * (scale - 1) / 2
    right, bottom = left + w * scale, top + h * scale
    first = (max(0, round(left)), max(0, round(top)))
    last = (min(width, round(right)), min(height, round(bottom)))
    return first[0], first[1], last[0], last[1]


def head_pose(points: NDArray[Any]) -> Pose:
    """Yaw, pitch and roll from the five points (5, 2).

    Yaw is the sidecar's formula. Pitch says how far the nose lies off its level place between
    eyes and mouth (positive: looking up); a monotone figure, no calibrated angle.
    """
    eyes, nose = np.asarray(points[:2], np.float64), np.asarray(points[2], np.float64)
    middle = eyes.mean(0)
    across = eyes[1] - eyes[0]
    distance = float(np.hypot(*across))
    yaw = math.degrees(math.atan2(nose[0] - middle[0], distance / 2))
    roll = math.degrees(math.atan2(across[1], across[0]))
    down = np.array([-across[1], across[0]]) / max(distance, 1e-6)
    to_mouth = float((np.asarray(points[3:], np.float64).mean(0) - middle) @ down)
    place = float((nose - middle) @ down) / max(to_mouth, 1e-6)
    return Pose(yaw, math.degrees(math.atan2(_LEVEL_NOSE - place, 0.5)), roll)
