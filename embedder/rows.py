"""Rows of the face cache: what is known of a picture and its faces before they are embedded."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedder.decode import DecodedImage, Refused
from embedder.faces import Faces
from embedder.geometry import head_pose
from embedder.recognise import aligned_crop, crop_for
from embedder.turns import REFUSED_LEAN, lean, turned_boxes, turned_pixels, turned_points
from embedder.vectors import Crop, Pixels, packed
from trainer.embedding.pack import PackInfo
from trainer.staging.schemas import NO_FACE_NO

Row = dict[str, Any]
ROLES = ("facenet", "arcface")
QUARTER = 90  # degrees
_QUALITY_SIDE = 112


@dataclass
class Cropped:
    """One picture: its finished rows, and a crop a role of each face not embedded yet.

    A face whose points make no crop is in `rows` already, refused.
    """

    sha256: str
    rows: list[Row] = field(default_factory=list)
    faces: list[Row] = field(default_factory=list)
    crops: dict[str, list[Crop]] = field(default_factory=lambda: {role: [] for role in ROLES})


def refused(sha256: str, decoded: Refused) -> Cropped:
    """A picture that could not be decoded."""
    size = {"image_width": decoded.width, "image_height": decoded.height}
    return Cropped(sha256, rows=[_empty_row(sha256, "refused", decoded.reason) | size])


def cropped(pack: PackInfo, sha256: str, image: DecodedImage, found: Faces) -> Cropped:
    """The faces of one picture, cut out for both models, out of that turn of it which shows a face
    upright. A face that none shows so is refused."""
    common = {
        "image_sha256": sha256,
        "image_width": image.width,
        "image_height": image.height,
        "phash": image.phash,
        "taken_on": image.taken_on,
        "faces_in_image": len(found),
    }
    result = Cropped(sha256)
    if not len(found):
        result.rows.append(_empty_row(sha256, "no_face", None) | common)
    view = View(image)
    for number in range(len(found)):
        _add_face(result, pack, view, found.chosen([number]), common | {"face_no": number})
    return result


def _add_face(result: Cropped, pack: PackInfo, view: View, face: Faces, row: Row) -> None:
    """`face`: one, in the pixels of the picture as it was decoded."""
    turn, (height, width) = int(face.turns[0]), view.image.pixels.shape[:2]
    box = turned_boxes(face.boxes[0], turn, width, height)
    points = turned_points(face.points[0], turn, width, height)
    if lean(points) > REFUSED_LEAN:
        result.rows = result.rows or [refused_face(row, "turned")]
        return
    pixels = view.pixels(turn)
    try:
        crops = {role: crop_for(getattr(pack, role), pixels, box, points) for role in ROLES}
        figures = quality(aligned_crop(pixels, points, _QUALITY_SIDE), points)
    except ValueError:  # points that coincide, a box outside: nothing to embed
        result.rows = result.rows or [refused_face(row, "bad_embedding")]
        return
    scale = published_scale(view.image)
    published = {
        "outcome": "face",
        "box": (face.boxes[0].reshape(2, 2) * scale).ravel().tolist(),
        "landmarks": (face.points[0] * scale).ravel().tolist(),
        "detector_score": float(face.scores[0]),
        "turn": QUARTER * turn,
    }
    result.faces.append(row | figures | published | {"roll": published_roll(figures, turn)})
    for role, crop in crops.items():
        result.crops[role].append(crop)


class View:
    """A picture's pixels in the turns that are asked for, each made once."""

    def __init__(self, image: DecodedImage) -> None:
        self.image = image
        self._turned = {0: image.pixels}

    def pixels(self, turn: int) -> Pixels:
        if turn not in self._turned:
            self._turned[turn] = turned_pixels(self.image.pixels, turn)
        return self._turned[turn]


def published_roll(figures: Row, turn: int) -> float:
    """The roll in the picture as it was published, above -180 and up to 180 degrees."""
    if not turn:
        return float(figures["roll"])
    return 180 - (180 - QUARTER * turn - float(figures["roll"])) % 360


def published_scale(image: DecodedImage) -> NDArray[np.float32]:
    """(2,) x and y: what a pixel of the shrunk picture is in the published one."""
    height, width = image.pixels.shape[:2]
    return np.array([image.width / width, image.height / height], np.float32)


def quality(crop: Pixels, points: NDArray[np.float32]) -> Row:
    """Sharpness, brightness (of the RGB 112 crop) and pose (of the five points)."""
    luma = cv2.cvtColor(crop, cv2.COLOR_RGB2GRAY)
    pose = head_pose(points)
    return {
        "sharpness": float(cv2.Laplacian(luma, cv2.CV_32F).var()),
        "brightness": float(luma.mean()),
        "yaw": pose.yaw,
        "pitch": pose.pitch,
        "roll": pose.roll,
    }


def embedded_rows(
    faces: list[Row], embeddings: dict[str, NDArray[np.float32]]
) -> tuple[list[Row], list[Row]]:
    """`faces` with their vectors, and one refused row per picture that has an unusable vector."""
    good: list[Row] = []
    bad: dict[str, Row] = {}
    for index, face in enumerate(faces):
        vectors = {role: packed(embeddings[role][index]) for role in ROLES}
        if None in vectors.values():
            bad[face["image_sha256"]] = refused_face(face, "bad_embedding")
        else:
            good.append(face | vectors)
    return good, list(bad.values())


def refused_face(face: Row, reason: str) -> Row:
    """The row that says that one of a picture's faces has no usable embedding: its numbers have no
    direction (`bad_embedding`), or it is upright in no turn of the picture (`turned`)."""
    kept = ("image_width", "image_height", "phash", "taken_on", "faces_in_image")
    row = _empty_row(face["image_sha256"], "refused", reason)
    return row | {key: face[key] for key in kept}


def _empty_row(sha256: str, outcome: str, reason: str | None) -> Row:
    return {
        "image_sha256": sha256,
        "face_no": NO_FACE_NO,
        "outcome": outcome,
        "reason": reason,
        "faces_in_image": 0,
        "turn": 0,
    }
