"""One part: decoded pictures in, rows of the face cache out."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from embedder.decode import Picture, Refused
from embedder.detect import Detector
from embedder.faces import Faces
from embedder.geometry import head_pose
from embedder.recognise import Recogniser, aligned_crop, crop_for
from embedder.sessions import open_session
from embedder.vectors import packed
from trainer.config.jobs import EmbedJob
from trainer.embedding.pack import PackInfo, RecogniserRule
from trainer.staging.schemas import NO_FACE_NO

Row = dict[str, Any]
_ROLES = ("facenet", "arcface")
_QUALITY_SIDE = 112


@dataclass
class Part:
    """Rows ready to be written, and the crops whose embeddings are still missing."""

    rows: list[Row] = field(default_factory=list)
    faces: list[Row] = field(default_factory=list)
    crops: dict[str, list[NDArray[np.uint8]]] = field(
        default_factory=lambda: {role: [] for role in _ROLES}
    )
    pictures: int = 0


class Engine:
    """The pack's three models on one device."""

    def __init__(self, pack: PackInfo, model_dir: Path, job: EmbedJob) -> None:
        def session(role: Any) -> Any:
            return open_session(pack.path(model_dir, role), job.device, job.threads)

        self._rules: dict[str, RecogniserRule] = {"facenet": pack.facenet, "arcface": pack.arcface}
        self._detector = Detector(session("detector"), pack.detector)
        self._recognisers = {
            role: Recogniser(session(role), self._rules[role], job.batch, pack.flip_averaging)
            for role in _ROLES
        }

    def add(self, part: Part, sha256: str, decoded: Picture | Refused) -> None:
        """Detect and crop one picture into `part`."""
        part.pictures += 1
        if isinstance(decoded, Refused):
            size = {"image_width": decoded.width, "image_height": decoded.height}
            part.rows.append(_empty_row(sha256, "refused", decoded.reason) | size)
            return
        height, width = decoded.pixels.shape[:2]
        found = self._detector(decoded.pixels)
        picture = {
            "image_width": width,
            "image_height": height,
            "phash": decoded.phash,
            "faces_in_image": len(found),
        }
        if not len(found):
            part.rows.append(_empty_row(sha256, "no_face", None) | picture)
        for number in range(len(found)):
            self._add_face(part, decoded.pixels, found, number, picture | {"image_sha256": sha256})

    def _add_face(
        self, part: Part, pixels: NDArray[np.uint8], found: Faces, number: int, row: Row
    ) -> None:
        box, points = found.boxes[number], found.points[number]
        try:
            crops = {
                role: crop_for(rule, pixels, box, points) for role, rule in self._rules.items()
            }
            figures = quality(aligned_crop(pixels, points, _QUALITY_SIDE), points)
        except ValueError:  # points that coincide, a box outside: nothing to embed
            part.faces.append(row | {"face_no": number, "degenerate": True})
            for role, rule in self._rules.items():
                part.crops[role].append(np.zeros((rule.size, rule.size, 3), np.uint8))
            return
        face = {
            "face_no": number,
            "outcome": "face",
            "box": box.tolist(),
            "landmarks": points.ravel().tolist(),
            "detector_score": float(found.scores[number]),
        }
        part.faces.append(row | face | figures)
        for role, crop in crops.items():
            part.crops[role].append(crop)

    def finish(self, part: Part) -> list[Row]:
        """All rows of `part`, embedded, sorted by (picture, face)."""
        embedded = {role: self._recognisers[role](part.crops[role]) for role in _ROLES}
        refused: dict[str, Row] = {}
        rows = list(part.rows)
        for index, face in enumerate(part.faces):
            vectors = {role: packed(embedded[role][index]) for role in _ROLES}
            if face.pop("degenerate", False) or None in vectors.values():
                refused[face["image_sha256"]] = _refused_face(face)
            else:
                rows.append(face | vectors)
        rows.extend(refused.values())
        return sorted(rows, key=lambda row: (row["image_sha256"], row["face_no"]))


def quality(crop: NDArray[np.uint8], points: NDArray[np.float32]) -> Row:
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


def _empty_row(sha256: str, outcome: str, reason: str | None) -> Row:
    return {
        "image_sha256": sha256,
        "face_no": NO_FACE_NO,
        "outcome": outcome,
        "reason": reason,
        "faces_in_image": 0,
    }


def _refused_face(face: Row) -> Row:
    """The row that says that one of a picture's faces has no usable embedding."""
    kept = {key: face[key] for key in ("image_width", "image_height", "phash", "faces_in_image")}
    return _empty_row(face["image_sha256"], "refused", "bad_embedding") | kept
