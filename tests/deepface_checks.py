"""A pack's vectors against DeepFace's own, over the same weights; runs in the export's environment.

The server's call is made as it makes it: `extract_faces` of a picture in RGB, `represent` of the
face and of its mirror image, the mean of both. Only the detector is ours to choose: planted boxes
and eyes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import embedder  # noqa: F401  isort: skip - sets what ONNX Runtime reads when it is loaded
import cv2
import numpy as np
from deepface.models.Detector import FacialAreaRegion
from deepface.models.facial_recognition.tf.ArcFace import ArcFaceClient
from deepface.models.facial_recognition.tf.Facenet import FaceNet512dClient
from deepface.modules import detection, representation

from embedder.eyes_crop import level_box
from embedder.recognise import Recogniser, crop_for
from embedder.sessions import Execution, open_session
from trainer.embedding.lock import load_lock
from trainer.embedding.pack import RecogniserRule

IMAGES = Path(__file__).parents[1] / "embedder" / "golden"
CALLS = {
    "facenet": (FaceNet512dClient, {"model_name": "Facenet512", "normalization": "Facenet2018"}),
    "arcface": (ArcFaceClient, {"model_name": "ArcFace"}),
}
# Box, and the eye on the left and on the right, as shares of the picture: wide, high, turned both
# ways, over an edge, with sides that pad unevenly.
FACES = [
    ((0.21, 0.14, 0.55, 0.62), (0.38, 0.40), (0.61, 0.38)),
    ((0.30, 0.20, 0.31, 0.47), (0.37, 0.36), (0.52, 0.41)),
    ((-0.08, 0.30, 0.52, 0.41), (0.08, 0.45), (0.31, 0.45)),
    ((0.52, 0.55, 0.55, 0.56), (0.70, 0.80), (0.93, 0.71)),
]


class Planted:
    """A detector of DeepFace's that answers with one face, inside of DeepFace's border."""

    def __init__(self, box: np.ndarray, points: np.ndarray, shape: tuple[int, ...]) -> None:
        self.border = np.array([int(0.5 * shape[1]), int(0.5 * shape[0])])
        self.box, self.points = box, points

    def detect_faces(self, img: np.ndarray) -> list[FacialAreaRegion]:
        x, y = (int(v) for v in self.box[:2] + self.border)
        # The person's right eye is the viewer's left one.
        right, left = (tuple(int(v) for v in point + self.border) for point in self.points[:2])
        size = [int(value) for value in self.box[2:]]
        return [FacialAreaRegion(x, y, *size, left_eye=left, right_eye=right, confidence=0.9)]


def planted() -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Pictures in RGB, with a box (4,) and five points (5, 2), of which two count."""
    for path in sorted(IMAGES.glob("*.jpg")):
        rgb = np.ascontiguousarray(cv2.imread(str(path))[..., ::-1])
        sides = np.array(rgb.shape[1::-1], np.float32)
        for box, *eyes in FACES:
            points = np.zeros((5, 2), np.float32)
            points[:2] = np.array(eyes, np.float32) * sides
            yield rgb, (np.array(box, np.float32).reshape(2, 2) * sides).ravel(), points


def as_the_server_does(role: str, keras: Any) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each planted face DeepFace's crop (0 to 1) and its mean vector of both views."""
    client, call = CALLS[role]
    model = object.__new__(client)
    model.model, model.model_name = keras, call["model_name"]
    model.input_shape = (160, 160) if role == "facenet" else (112, 112)
    found = []
    for rgb, box, points in planted():
        detector = Planted(box, points, rgb.shape)
        with mock.patch.object(detection.modeling, "build_model", return_value=detector):
            face = detection.extract_faces(rgb, detector_backend="yolov8n")[0]["face"]
        with mock.patch.object(representation.modeling, "build_model", return_value=model):
            views = [
                representation.represent(view, detector_backend="skip", align=True, **call)[0]
                for view in (face, np.fliplr(face))
            ]
        found.append((face, np.mean([view["embedding"] for view in views], axis=0)))
    return found


def ours(rule: RecogniserRule, onnx_file: Path) -> np.ndarray:
    session = open_session(onnx_file, Execution(threads=1), True)
    crops = [crop_for(rule, rgb, box, points) for rgb, box, points in planted()]
    return Recogniser(session, rule, 4, flips=True)(crops)


def against_deepface(role: str, keras: Any, onnx_file: Path) -> dict[str, Any]:
    """The smallest cosine of the pack `stashface`, and of rules that differ in one thing; the
    largest difference of its crop to DeepFace's, in grey levels."""
    rule: RecogniserRule = getattr(load_lock()["stashface"], role)
    answers = as_the_server_does(role, keras)
    theirs = np.stack([vector for _, vector in answers])
    theirs /= np.linalg.norm(theirs, axis=1, keepdims=True)
    rules = {
        "itself": rule,
        "other_colour": rule.model_copy(update={"colour": "RGB"}),
        "other_scale": rule.model_copy(update={"subtract": 20.0, "divide": 60.0}),
        "stretched": rule.model_copy(update={"crop": "box"}),
    }
    least = {
        name: float((ours(some, onnx_file) * theirs).sum(1).min()) for name, some in rules.items()
    }
    worst = max(
        float(np.abs(face[..., ::-1] * 255 - level_box(*some)).max())
        for (face, _), some in zip(answers, planted(), strict=True)
    )
    return {"represent_cosine": least.pop("itself"), "controls": least, "crop_grey": worst}
