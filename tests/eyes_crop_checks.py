"""DeepFace's crop, written out in other ways, on invented pictures.

Runs in the embedder's environment; prints the largest differences as JSON. Against DeepFace itself
it is checked in the export's environment (tests/deepface_checks.py).
"""

from __future__ import annotations

import json
import sys

import embedder  # noqa: F401  isort: skip - sets what ONNX Runtime reads when it is loaded
import numpy as np

from embedder.eyes_crop import eyes_crop, level_box
from embedder.vectors import blob
from trainer.embedding.lock import load_lock

RGB = np.random.default_rng(3).integers(1, 256, (200, 300, 3), np.uint8)


def face(*numbers: float, eyes: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """A box and five points, of which the eyes count."""
    points = np.zeros((5, 2), np.float32)
    points[:2] = np.array(eyes, np.float32).reshape(2, 2)
    return np.array(numbers, np.float32), points


def plain_difference() -> float:
    got = level_box(RGB, *face(40.9, 30.2, 90.7, 100.4, eyes=(60.8, 70.1, 100.2, 70.9)))
    return float(np.abs(got.astype(int) - RGB[30:130, 40:130]).max())


def outside_difference() -> float:
    """A box over the upper left corner: black there, the picture below and to the right."""
    got = level_box(RGB, *face(-20, -10, 80, 60, eyes=(10, 20, 40, 20))).astype(int)
    inside = np.abs(got[10:, 20:] - RGB[:50, :60]).max()
    return float(max(got[:10].max(), got[:, :20].max(), inside))


def eyes_apart(tilt: float) -> float:
    """How far two painted eyes are from one line after the turn, pixels."""
    black = np.zeros((240, 240, 3), np.uint8)
    middle, half = np.array([120.0, 110.0]), 30 * np.array([np.cos(tilt), np.sin(tilt)])
    eyes = np.round([middle - half, middle + half])
    for x, y in eyes.astype(int):
        black[y - 2 : y + 3, x - 2 : x + 3] = 255
    got = level_box(black, *face(60, 50, 120, 140, eyes=tuple(eyes.ravel())))[..., 0].astype(float)
    rows = np.arange(got.shape[0])[:, None]
    heights = [(part * rows).sum() / part.sum() for part in np.array_split(got, 2, axis=1)]
    return float(abs(heights[0] - heights[1]))


def black_columns(view: np.ndarray) -> list[int]:
    lit = np.flatnonzero(view.any(axis=(0, 2)))
    return [int(lit[0]), int(view.shape[1] - 1 - lit[-1])]


def padded() -> np.ndarray:
    """A box of 63 x 112 in a square of 112: 49 black columns, 24 of them on the left."""
    return eyes_crop(RGB, *face(100, 50, 63, 112, eyes=(110, 80, 150, 80)), 112)


def refusals() -> int:
    count = 0
    for box in ((500, 500, 40, 40), (50, 50, 0.5, 40)):
        try:
            eyes_crop(RGB, *face(*box, eyes=(60, 70, 100, 70)), 112)
        except ValueError:
            count += 1
    return count


def scales() -> dict[str, list[float]]:
    """What black and white become."""
    pack = load_lock()["stashface"]
    result = {}
    for role in ("facenet", "arcface"):
        rule = getattr(pack, role)
        ends = np.stack([np.full((2, 2, 3), v, np.float32) for v in (0, 255)])
        result[role] = [float(v) for v in blob(ends, rule)[:, 0, 0, 0]]
    return result


def main() -> None:
    face_and_mirror = padded()
    inner = face_and_mirror[:, :, 24 : 24 + 63]
    figures = {
        "plain_grey": plain_difference(),
        "outside_grey": outside_difference(),
        "eyes_pixels": max(eyes_apart(tilt) for tilt in (-0.6, -0.1, 0.3, 0.8)),
        "black": [black_columns(view) for view in face_and_mirror],
        "mirror_grey": float(np.abs(inner[0] - inner[1][:, ::-1]).max()),
        "refused": refusals(),
        "scale": scales(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
