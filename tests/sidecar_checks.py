"""The sidecar's preprocessing, step by step, against formulas written out another way.

Runs in the embedder's environment; prints the largest differences as JSON.
"""

from __future__ import annotations

import json
import sys
from types import SimpleNamespace

import embedder  # noqa: F401  isort: skip - sets what ONNX Runtime reads when it is loaded
import numpy as np

from embedder.geometry import TEMPLATE_112, head_pose, similarity_transform
from embedder.recognise import Recogniser, crop_for, resized_crop
from embedder.vectors import blob
from trainer.embedding.lock import load_lock

PACK = load_lock()["sidecar"]


def image(seed: int, height: int, width: int) -> np.ndarray:
    """Smooth random colours: interpolation has something to interpolate."""
    coarse = np.random.default_rng(seed).integers(0, 256, (height // 8 + 2, width // 8 + 2, 3))
    return np.kron(coarse, np.ones((8, 8, 1)))[:height, :width].astype(np.uint8)


def transform_difference() -> float:
    """The similarity by the normal equations of (a, b, tx, ty), solved as a linear system."""
    generator = np.random.default_rng(3)
    worst = 0.0
    for _ in range(50):
        points = TEMPLATE_112 * generator.uniform(0.5, 4) + generator.normal(0, 3, (5, 2)) + 50
        rows, target = [], []
        for (x, y), (u, v) in zip(points, TEMPLATE_112, strict=True):
            rows += [[x, -y, 1, 0], [y, x, 0, 1]]
            target += [u, v]
        a, b, tx, ty = np.linalg.lstsq(np.array(rows), np.array(target), rcond=None)[0]
        expected = np.array([[a, -b, tx], [b, a, ty]])
        worst = max(
            worst, float(np.abs(similarity_transform(points, TEMPLATE_112) - expected).max())
        )
    return worst


def enlarged(crop: np.ndarray, size: int) -> np.ndarray:
    """Area interpolation of an enlargement, pixel by pixel: each target pixel takes its source
    pixel, and of the next one the share that reaches over the border."""
    side = crop.shape[0]
    ratio = side / size
    weights = np.zeros((size, side))
    for target in range(size):
        source = int(np.floor(target * ratio))
        over = (target + 1) - (source + 1) / ratio
        share = 0.0 if over <= 0 else over - np.floor(over)
        weights[target, source] += 1 - share
        weights[target, min(source + 1, side - 1)] += share
    return np.einsum("ij,jkc,lk->ilc", weights, crop.astype(np.float64), weights)


def resize_difference() -> float:
    crop = image(5, 112, 112)
    return float(np.abs(resized_crop(crop, 160).astype(np.float64) - enlarged(crop, 160)).max())


def crops() -> dict[str, list[int]]:
    """The shapes of both models' inputs for one face."""
    rgb = image(6, 500, 400)
    points = (TEMPLATE_112 * 2 + 40).astype(np.float32)
    box = np.array([40, 40, 224, 224], np.float32)
    return {
        role: list(blob(crop_for(rule, rgb, box, points)[None], rule).shape)
        for role, rule in (("arcface", PACK.arcface), ("facenet", PACK.facenet))
    }


def scaling_difference() -> float:
    """(x - 127.5) / 127.5 for FaceNet, (x - 127.5) / 128 for ArcFace, RGB, channels last."""
    worst = 0.0
    for rule, divisor in ((PACK.facenet, 127.5), (PACK.arcface, 128.0)):
        crop = image(8, rule.size, rule.size)
        values = blob(crop[None], rule).ravel().tolist()
        for value, number in zip(values, crop.ravel().tolist(), strict=True):
            worst = max(worst, abs(value - (number - 127.5) / divisor))
    return worst


class Session:
    """Answers with numbers that depend on the left half of the picture more than on the right."""

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="input")]

    def run(self, _names: object, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        pixels = feed["input"]
        slope = np.linspace(1, 0, pixels.shape[2])[None, None, :, None]
        means = (pixels * slope).mean(axis=(1, 3))
        return [np.repeat(means, 6, axis=1)[:, :512].astype(np.float32)]


def flip_difference() -> float:
    """Mean of crop and mirror, no length before the mean is taken."""
    rule = PACK.arcface
    crop = image(9, rule.size, rule.size)
    session = Session()
    views = [
        session.run(None, {"input": blob(v[None], rule)})[0][0] for v in (crop, np.fliplr(crop))
    ]
    mean = (views[0].astype(np.float64) + views[1]) / 2
    got = Recogniser(session, rule, 4, flips=PACK.flip_averaging)([crop])[0]
    return float(np.abs(got - mean / np.linalg.norm(mean)).max())


def yaw_difference() -> float:
    """degrees(arctan2(nose_x - eye_mid_x, eye_distance / 2)), as the sidecar estimates it."""
    worst = 0.0
    for shift in (-20.0, -3.0, 0.0, 8.0, 25.0):
        points = TEMPLATE_112.copy()
        points[2, 0] += shift
        (lx, ly), (rx, ry), (nose, _) = points[:3].tolist()
        distance = ((rx - lx) ** 2 + (ry - ly) ** 2) ** 0.5
        expected = float(np.degrees(np.arctan2(nose - (lx + rx) / 2, distance / 2)))
        worst = max(worst, abs(head_pose(points).yaw - expected))
    return worst


def main() -> None:
    figures = {
        "transform": transform_difference(),
        "resize_grey": resize_difference(),
        "shapes": crops(),
        "scaling": scaling_difference(),
        "flips": flip_difference(),
        "yaw": yaw_difference(),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
