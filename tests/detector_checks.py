"""Detectors with a square input, tried in the embedder's environment on planted answers.

A session that is none answers with the outputs that a model would give for known faces, encoded
here anchor by anchor with plain loops; what the detector reads out of them must be these faces.
"""

from __future__ import annotations

import json
import math
import sys
from types import SimpleNamespace

import embedder  # noqa: F401  isort: skip - sets what ONNX Runtime reads when it is loaded
import numpy as np

from embedder.detect import Detector, open_model
from embedder.detect_square import square_blob
from embedder.turns import turned_boxes, turned_points
from trainer.embedding.lock import load_lock
from trainer.embedding.pack import SquareRule

SIDE = 640
# x, y, width, height and score of faces that lie in the upper left 600 x 400 pixels
Planted = tuple[tuple[float, float, float, float], float]
FACES: list[Planted] = [((40.0, 60.0, 90.0, 110.0), 0.98), ((300.0, 120.0, 24.0, 30.0), 0.71)]
POINTS = [(0.3, 0.35), (0.7, 0.35), (0.5, 0.55), (0.35, 0.75), (0.65, 0.75)]  # shares of the box
FAINT: Planted = ((500.0, 300.0, 60.0, 60.0), 0.3)


class Session:
    """Answers every picture with the same outputs, and keeps what it was shown."""

    def __init__(self, outputs: list[np.ndarray]) -> None:
        self.outputs = outputs
        self.shown: list[np.ndarray] = []

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="input", shape=[1, 3, SIDE, SIDE])]

    def run(self, _names: object, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.shown.append(feed["input"])
        return self.outputs


class ManySession(Session):
    """Takes batches: a plain picture of grey n is answered with the n-th of `outputs`; one with
    a border (the second pass) with the first."""

    def __init__(self, outputs: list[list[np.ndarray]], rule: SquareRule) -> None:
        self.answers = outputs
        self.rule = rule
        self.sizes: list[int] = []

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="input", shape=["batch", 3, SIDE, SIDE])]

    def get_outputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(shape=["batch", None, None])] * 3

    def run(self, _names: object, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        corner = feed["input"][:, 0, 0, 0] * self.rule.divide + self.rule.subtract[0]
        chosen = [int(grey) if grey < len(self.answers) else 0 for grey in np.round(corner)]
        self.sizes.append(len(chosen))
        flat = [[o.reshape(-1, o.shape[-1]) for o in self.answers[n]] for n in chosen]
        return [np.stack(column) for column in zip(*flat, strict=True)]


def points_of(box: tuple[float, float, float, float]) -> list[tuple[float, float]]:
    x, y, width, height = box
    return [(x + width * u, y + height * v) for u, v in POINTS]


def retinaface_outputs(faces: list[Planted]) -> list[np.ndarray]:
    """Priors are listed stride by stride, row by row, column by column, small before large."""
    priors = []
    for stride, sizes in ((8, (16, 32)), (16, (64, 128)), (32, (256, 512))):
        for row in range(SIDE // stride):
            for column in range(SIDE // stride):
                for size in sizes:
                    priors.append((stride * column + stride / 2, stride * row + stride / 2, size))
    count = len(priors)
    boxes, classes, points = np.zeros((count, 4)), np.zeros((count, 2)), np.zeros((count, 10))
    classes[:, 0] = 1
    for (x, y, width, height), score in faces:
        middle = (x + width / 2, y + height / 2)
        near = min(
            range(count), key=lambda n: math.dist(priors[n][:2], middle) + 0.01 * priors[n][2]
        )
        px, py, size = priors[near]
        boxes[near] = (
            (middle[0] - px) / size / 0.1,
            (middle[1] - py) / size / 0.1,
            math.log(width / size) / 0.2,
            math.log(height / size) / 0.2,
        )
        classes[near] = (1 - score, score)
        marks = [
            ((u - px) / size / 0.1, (v - py) / size / 0.1)
            for u, v in points_of((x, y, width, height))
        ]
        points[near] = np.ravel(marks)
    return [part[None].astype(np.float32) for part in (boxes, classes, points)]


def scrfd_outputs(faces: list[Planted]) -> list[np.ndarray]:
    """Scores of all strides, then distances, then points; two anchors at each place."""
    scores, reach, points = [], [], []
    for number, stride in enumerate((8, 16, 32)):
        side = SIDE // stride
        score, distance, mark = (
            np.zeros((side * side * 2, 1)),
            np.zeros((side * side * 2, 4)),
            np.zeros((side * side * 2, 10)),
        )
        for index, ((x, y, width, height), confidence) in enumerate(faces):
            if index % 3 != number:
                continue
            column, row = round((x + width / 2) / stride), round((y + height / 2) / stride)
            at = (row * side + column) * 2 + index % 2
            cx, cy = column * stride, row * stride
            score[at] = confidence
            distance[at] = np.array([cx - x, cy - y, x + width - cx, y + height - cy]) / stride
            mark[at] = np.ravel(
                [
                    ((u - cx) / stride, (v - cy) / stride)
                    for u, v in points_of((x, y, width, height))
                ]
            )
        scores.append(score)
        reach.append(distance)
        points.append(mark)
    return [part.astype(np.float32) for part in (*scores, *reach, *points)]


OUTPUTS = {"retinaface": retinaface_outputs, "scrfd": scrfd_outputs}


def worst_difference(rule: SquareRule) -> float:
    """Largest difference, in pixels and score, between the planted faces and those read."""
    session = Session(OUTPUTS[rule.kind]([*FACES, FAINT]))
    found = open_model(session, rule)([np.zeros((400, 600, 3), np.uint8)])[0]
    assert len(found) == len(FACES), found
    expected = [(*box, *np.ravel(points_of(box)), score) for box, score in FACES]
    parts = (found.boxes, found.points.reshape(-1, 10), found.scores[:, None])
    return float(np.abs(np.concatenate(parts, 1) - np.asarray(expected)).max())


def scaled_difference(rule: SquareRule) -> float:
    """The same for a picture of twice the size, whose faces come back in its own pixels."""
    session = Session(OUTPUTS[rule.kind](FACES))
    found = Detector(session, rule)(np.zeros((800, 1280, 3), np.uint8))
    expected = [[2 * value for value in box] for box, _ in FACES]
    return float(np.abs(found.boxes - np.asarray(expected)).max())


class TurningSession(Session):
    """Answers with `outputs` where the mark of an upright picture lies in its upper left corner,
    else with nobody; the second pass's border hides the mark."""

    def __init__(
        self, outputs: list[np.ndarray], nobody: list[np.ndarray], rule: SquareRule
    ) -> None:
        super().__init__(outputs)
        self.nobody, self.rule = nobody, rule

    def run(self, _names: object, feed: dict[str, np.ndarray]) -> list[np.ndarray]:
        self.shown.append(feed["input"])
        corner = feed["input"][0, 0, 0, 0] * self.rule.divide + self.rule.subtract[0]
        return self.outputs if corner > 200 else self.nobody


def turned_difference(rule: SquareRule, turn: int) -> float:
    """A picture that was published turned: its faces come back in its own pixels, and say by how
    many quarters it has to be turned to show them upright."""
    standing = np.zeros((400, SIDE, 3), np.uint8)
    standing[:8, :8] = 255
    session = TurningSession(OUTPUTS[rule.kind](FACES[:1]), OUTPUTS[rule.kind]([]), rule)
    published = np.ascontiguousarray(np.rot90(standing, -turn))
    found = Detector(session, rule)(published)
    assert found.turns.tolist() == [turn], found
    height, width = published.shape[:2]
    boxes = turned_boxes(found.boxes, turn, width, height)
    points = turned_points(found.points, turn, width, height)
    expected = [(*box, *np.ravel(points_of(box)), score) for box, score in FACES[:1]]
    parts = (boxes, points.reshape(-1, 10), found.scores[:, None])
    x, y, across, down = found.boxes[0]
    assert x >= 0 and y >= 0 and x + across <= width and y + down <= height, found.boxes
    return float(np.abs(np.concatenate(parts, 1) - np.asarray(expected)).max())


def looks_at_upright_faces(rule: SquareRule) -> int:
    """How often a picture with one clear face is shown to the model."""
    session = Session(OUTPUTS[rule.kind](FACES[:1]))
    Detector(session, rule)(np.zeros((400, SIDE, 3), np.uint8))
    return len(session.shown)


def several_difference(rule: SquareRule) -> float:
    """Pictures of different sizes in batches of two: each gets its own faces, in its pixels."""
    planted: list[list[Planted]] = [[], FACES, FACES[:1]]
    session = ManySession([OUTPUTS[rule.kind](faces) for faces in planted], rule)
    greys = (1, 0, 2, 1, 2)
    images = [np.full((320 + 80 * g, 640, 3), g, np.uint8) for g in greys]
    found = Detector(session, rule, batch=2).many(images)
    assert session.sizes == [2, 2, 1, 1, *[1, 1] * 3], session.sizes
    worst = 0.0
    for grey, faces in zip(greys, found, strict=True):
        expected = np.asarray([box for box, _ in planted[grey]]).reshape(-1, 4)
        assert faces.boxes.shape == expected.shape
        worst = max(worst, float(np.abs(faces.boxes - expected).max(initial=0)))
    return worst


def blob_difference(rule: SquareRule) -> float:
    """The input against a plain loop over three pixels, one of them outside of the picture."""
    rgb = np.random.default_rng(7).integers(0, 256, (400, 600, 3), np.uint8)
    blob, worst = square_blob(rgb, rule), 0.0
    for row, column in ((0, 0), (399, 599), (400, 600)):
        inside = row < 400 and column < 600
        pixel = rgb[row, column].tolist() if inside else [0, 0, 0]
        ordered = pixel if rule.colour == "RGB" else pixel[::-1]
        for channel in range(3):
            value = (ordered[channel] - rule.subtract[channel]) / rule.divide
            worst = max(worst, abs(float(blob[0, channel, row, column]) - value))
    return worst


def passes_when_empty(rule: SquareRule) -> int:
    session = Session(OUTPUTS[rule.kind]([]))
    assert len(Detector(session, rule)(np.zeros((300, 200, 3), np.uint8))) == 0
    return len(session.shown)


def main() -> None:
    figures = {}
    for name, pack in load_lock().items():
        if isinstance(pack.detector, SquareRule):
            figures[name] = {
                "planted": worst_difference(pack.detector),
                "scaled": scaled_difference(pack.detector),
                "several": several_difference(pack.detector),
                "turned": max(turned_difference(pack.detector, turn) for turn in (1, 2, 3)),
                "looks": looks_at_upright_faces(pack.detector),
                "blob": blob_difference(pack.detector),
                "passes": passes_when_empty(pack.detector),
            }
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    main()
