"""Degraded copies of a face and what is around it, as scenes show faces.

Each kind spoils one thing, by an amount drawn from the picture's hash and the kind: the same inputs
give the same bytes. Whoever changes what comes out raises `VERSION` in
`trainer/embedding/scene_queries.py`.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

Pixels = NDArray[np.uint8]
Random = np.random.Generator

FACE_SIDE = 160.0  # pixels: faces in scenes are seldom larger
MARGIN = 1.0  # of the face's longer side, kept around it
MIN_SIDE = 20.0  # pixels: a smaller face has nothing to lose

SMALL_SIDE = (40.0, 60.0)  # pixels that are left of the face
MOTION = (0.06, 0.12)  # length, of the face's longer side
SIGMA = (0.015, 0.03)  # of a Gaussian blur, likewise
JPEG_QUALITY = (15, 25)
ANGLE = (15.0, 30.0)  # degrees, to either side
COVERED = (0.2, 0.3)  # of the face's box
GAMMA, GAIN, NOISE = (1.6, 2.4), (0.4, 0.6), (4.0, 8.0)


@dataclass(frozen=True)
class View:
    """`pixels` (height, width, 3) uint8 RGB, and the face in them: `box` x, y, width, height."""

    pixels: Pixels
    box: tuple[float, float, float, float]

    @property
    def side(self) -> float:
        """The face's longer side."""
        return max(self.box[2:])

    @property
    def centre(self) -> tuple[float, float]:
        x, y, width, height = self.box
        return x + width / 2, y + height / 2


def surroundings(rgb: Pixels, box: NDArray[np.float32]) -> View | None:
    """A face of a picture with a margin around it, its longer side at most FACE_SIDE; None of a
    face that is too small."""
    x, y, width, height = (float(value) for value in box)
    margin = MARGIN * max(width, height)
    left, top = max(0, math.floor(x - margin)), max(0, math.floor(y - margin))
    right, bottom = math.ceil(x + width + margin), math.ceil(y + height + margin)
    cut = np.array(rgb[top:bottom, left:right])
    if max(width, height) < MIN_SIDE or not cut.size:
        return None
    return _shrunk(View(cut, (x - left, y - top, width, height)), FACE_SIDE)


def degraded(view: View, kind: str, sha256: str) -> View:
    """The copy of one of KINDS; `sha256` is that of the picture."""
    seed = hashlib.sha256(f"{sha256}/{kind}".encode()).digest()[:8]
    return _DEGRADE[kind](view, np.random.default_rng(int.from_bytes(seed)))


def _smaller(view: View, random: Random) -> View:
    return _shrunk(view, random.uniform(*SMALL_SIDE))


def _shrunk(view: View, side: float) -> View:
    factor = side / view.side
    if factor >= 1:
        return view
    height, width = view.pixels.shape[:2]
    size = max(1, round(width * factor)), max(1, round(height * factor))
    pixels = np.asarray(Image.fromarray(view.pixels).resize(size, Image.Resampling.BILINEAR))
    across, down = size[0] / width, size[1] / height
    x, y, box_width, box_height = view.box
    return View(pixels, (x * across, y * down, box_width * across, box_height * down))


def _blurred(view: View, random: Random) -> View:
    """By a movement of the camera, or out of focus."""
    if random.integers(2):
        length, angle = view.side * random.uniform(*MOTION), random.uniform(0, math.pi)
        return replace(view, pixels=_moved(view.pixels, length, angle))
    filtered = ImageFilter.GaussianBlur(view.side * random.uniform(*SIGMA))
    return replace(view, pixels=np.asarray(Image.fromarray(view.pixels).filter(filtered)))


def _moved(pixels: Pixels, length: float, angle: float) -> Pixels:
    """The mean of the picture at all places along a line."""
    steps = max(2, math.ceil(length))
    reach = math.ceil(length / 2)
    padded = np.pad(pixels, ((reach, reach), (reach, reach), (0, 0)), "edge")
    height, width = pixels.shape[:2]
    total = np.zeros(pixels.shape, np.int64)
    for place in np.linspace(-length / 2, length / 2, steps):
        top = reach + round(place * math.sin(angle))
        left = reach + round(place * math.cos(angle))
        total += padded[top : top + height, left : left + width]
    return np.asarray((total + steps // 2) // steps, np.uint8)


def _compressed(view: View, random: Random) -> View:
    buffer = io.BytesIO()
    quality = int(random.integers(JPEG_QUALITY[0], JPEG_QUALITY[1] + 1))
    Image.fromarray(view.pixels).save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return replace(view, pixels=np.asarray(Image.open(buffer).convert("RGB")))


def _turned(view: View, random: Random) -> View:
    """In the plane, about the face; what comes in from outside has the picture's mean colour."""
    angle = random.uniform(*ANGLE) * random.choice((-1, 1))
    fill = tuple(int(value) for value in view.pixels.mean((0, 1)))
    turned = Image.fromarray(view.pixels).rotate(
        angle, Image.Resampling.BILINEAR, center=view.centre, fillcolor=fill
    )
    return replace(view, pixels=np.asarray(turned))


def _covered(view: View, random: Random) -> View:
    """The face's lower part, or one of its sides, by something of one colour."""
    x, y, width, height = view.box
    share = random.uniform(*COVERED)
    left, top, right, bottom = (
        (x, y + height * (1 - share), x + width, y + height),
        (x, y, x + width * share, y + height),
        (x + width * (1 - share), y, x + width, y + height),
    )[random.integers(3)]
    pixels = view.pixels.copy()
    rows = slice(max(0, round(top)), max(0, round(bottom)))
    columns = slice(max(0, round(left)), max(0, round(right)))
    pixels[rows, columns] = random.integers(30, 220, 3)
    return replace(view, pixels=pixels)


def _darker(view: View, random: Random) -> View:
    """Under-exposed, with a sensor's noise."""
    gamma, gain, noise = (random.uniform(*limits) for limits in (GAMMA, GAIN, NOISE))
    light = 255 * gain * (view.pixels / 255) ** gamma
    light += random.normal(0, noise, view.pixels.shape)
    return replace(view, pixels=np.asarray(np.clip(np.rint(light), 0, 255), np.uint8))


_DEGRADE: dict[str, Callable[[View, Random], View]] = {
    "smaller": _smaller,
    "blurred": _blurred,
    "compressed": _compressed,
    "turned": _turned,
    "covered": _covered,
    "darker": _darker,
}
