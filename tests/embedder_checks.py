"""Checks of the embedder's numbers against other implementations.

Runs in the embedder's own environment, which has no pytest:

    python -m tests.embedder_checks MODEL_DIR PICTURE...

Prints one JSON object of measured differences; the contract tests hold the limits.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import embedder  # noqa: F401  isort: skip - sets what ONNX Runtime reads when it is loaded
import cv2
import numpy as np
from PIL import Image

from embedder.decode import DecodedImage
from embedder.detect import open_model
from embedder.faces import Faces
from embedder.geometry import TEMPLATE_112
from embedder.recognise import Recogniser, aligned_crop, box_crop
from embedder.rows import cropped
from embedder.sessions import Execution, open_session
from embedder.turns import turned_boxes, turned_points
from trainer.embedding.pack import PackInfo, read_pack

PLAIN = Execution(threads=1)


def detector_difference(pack: PackInfo, model_dir: Path, images: list[np.ndarray]) -> float:
    """Largest difference to OpenCV's own YuNet (which takes sides of a multiple of 32), pixels."""
    path = pack.path(model_dir, "detector")
    ours = open_model(open_session(path, PLAIN, False), pack.detector)
    worst = 0.0
    shown = [cv2.resize(rgb, (320, 320), interpolation=cv2.INTER_AREA) for rgb in images]
    for rgb, faces in zip(shown, ours(shown), strict=True):
        theirs = cv2.FaceDetectorYN.create(str(path), "", (320, 320), 0.6, 0.3, 5000)
        _, found = theirs.detect(np.ascontiguousarray(rgb[..., ::-1]))
        assert found is not None and len(found) == len(faces) > 0
        order = np.argsort(-found[:, 14], kind="stable")
        mine = np.concatenate([faces.boxes, faces.points.reshape(-1, 10)], 1)
        worst = max(worst, float(np.abs(found[order, :14] - mine).max()))
    return worst


def flip_difference(pack: PackInfo, model_dir: Path, rgb: np.ndarray) -> dict[str, float]:
    """Largest difference to the mean of two single runs, written out; and flips' own effect."""
    result = {}
    for role in ("arcface", "facenet"):
        rule = getattr(pack, role)
        session = open_session(pack.path(model_dir, role), PLAIN, True)
        crop = cv2.resize(rgb, (rule.size, rule.size), interpolation=cv2.INTER_AREA)
        name = session.get_inputs()[0].name
        single = []
        for view in (crop, np.fliplr(crop)):
            scaled = (view.astype(np.float32) - rule.subtract) / rule.divide
            values = np.moveaxis(scaled, 2, 0)[None].astype(np.float32)
            single.append(session.run(None, {name: values})[0][0])
        mean = (single[0] + single[1]) / 2
        expected = np.zeros(512)
        expected[: len(mean)] = mean / np.linalg.norm(mean)
        got = Recogniser(session, rule, 4, flips=True)([crop, crop, crop])
        result[role] = float(np.abs(got - expected).max())
        plain = Recogniser(session, rule, 4, flips=False)([crop])[0]
        result[f"{role}_effect"] = float(np.abs(plain - expected).max())
    return result


def alignment_difference(rgb: np.ndarray) -> float:
    """Mean difference (0-255) to a crop sampled point by point with the inverse transform."""
    points = TEMPLATE_112 * 1.9 + (40, 30)
    got = aligned_crop(rgb, points.astype(np.float32), 112).astype(np.float64)
    columns, rows = np.meshgrid(np.arange(112), np.arange(112))
    x, y = columns * 1.9 + 40, rows * 1.9 + 30
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    u, v = (x - left)[..., None], (y - top)[..., None]
    image = rgb.astype(np.float64)
    upper = image[top, left] * (1 - u) + image[top, left + 1] * u
    lower = image[top + 1, left] * (1 - u) + image[top + 1, left + 1] * u
    return float(np.abs(upper * (1 - v) + lower * v - got).mean())


def box_difference(rgb: np.ndarray) -> float:
    """Largest difference of a box of exactly the crop's size to the plain cut of the picture."""
    box = np.array([50, 60, 160 / 1.3, 160 / 1.3], np.float32)
    left, top = round(50 - 160 / 1.3 * 0.15), round(60 - 160 / 1.3 * 0.15)
    cut = rgb[top : top + 160, left : left + 160]
    return float(np.abs(box_crop(rgb, box, 1.3, 160).astype(int) - cut).max())


def refusals(pack: PackInfo, rgb: np.ndarray) -> list[tuple[str, str | None]]:
    """What becomes of three faces of a picture: one stands, one lies on its side in the turn that
    it was found in, and one stands in the picture's first turn."""
    height, width = rgb.shape[:2]
    standing = (TEMPLATE_112 + 100).astype(np.float32)
    sides = np.array([100, 100, 112, 112], np.float32)
    points = np.stack(
        [standing, *(turned_points(standing, turn, width, height) for turn in (1, 3))]
    )
    boxes = np.stack([sides, *(turned_boxes(sides, turn, width, height) for turn in (1, 3))])
    found = Faces(
        boxes, points, np.array([0.9, 0.8, 0.7], np.float32), np.array([0, 0, 1], np.int8)
    )
    cut = cropped(pack, "0" * 64, DecodedImage(rgb, bytes(8), width, height, None), found)
    return [(row["outcome"], row["reason"]) for row in cut.rows] + [
        (row["outcome"], f"{row['face_no']}: {row['turn']}") for row in cut.faces
    ]


def main() -> None:
    model_dir, *names = (Path(text) for text in sys.argv[1:])
    images = [np.asarray(Image.open(name).convert("RGB").resize((400, 400))) for name in names]
    pack = read_pack(model_dir)
    figures = {
        "detector_pixels": detector_difference(pack, model_dir, images),
        "alignment_grey": alignment_difference(images[0]),
        "refusals": refusals(pack, images[0]),
        "box_grey": box_difference(images[0]),
        "flips": flip_difference(pack, model_dir, images[0]),
    }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
