"""Faces of a picture: how it is shown to the pack's detector, once or twice."""

from __future__ import annotations

from typing import Protocol

import cv2
import numpy as np
import onnxruntime as ort

from embedder.detect_square import RetinaFace, Scrfd
from embedder.detect_yunet import YuNet
from embedder.faces import Faces, Pixels
from trainer.embedding.pack import DetectorRule, YunetRule

_GREY = (127, 127, 127)


class Model(Protocol):
    """One detection model: faces of a picture at its own size, in its pixels."""

    def __call__(self, rgb: Pixels) -> Faces: ...


def open_model(session: ort.InferenceSession, rule: DetectorRule) -> Model:
    """The model that the rule names, over an open session."""
    if isinstance(rule, YunetRule):
        return YuNet(session, rule)
    return {"retinaface": RetinaFace, "scrfd": Scrfd}[rule.kind](session, rule)


class Detector:
    """One pass, and a second, framed one where nothing was found."""

    def __init__(self, session: ort.InferenceSession, rule: DetectorRule) -> None:
        self._model = open_model(session, rule)
        self._rule = rule

    def __call__(self, rgb: Pixels) -> Faces:
        """The faces of an upright picture (height, width, 3) in its own pixels."""
        faces = Faces.none()
        for factor, border in passes(self._rule, max(rgb.shape[:2])):
            faces = self._model(framed(rgb, factor, border)).mapped(border, factor)
            if len(faces):
                break
        return faces


def passes(rule: DetectorRule, longest: int) -> tuple[tuple[float, int], ...]:
    """(scale, border in pixels) of each pass over a picture with this long side.

    Faces that fill the picture lie outside of what detectors were trained on: the second pass's
    border makes them smaller against the frame.
    """
    if isinstance(rule, YunetRule):
        border = round(rule.second_side * rule.second_border)
        return (min(1.0, rule.max_side / longest), 0), (rule.second_side / longest, border)
    inner = int(rule.side / (1 + 2 * rule.second_border))
    return (rule.side / longest, 0), (inner / longest, (rule.side - inner) // 2)


def framed(rgb: Pixels, factor: float, border: int) -> Pixels:
    """The picture scaled by `factor`, with a grey border on every side."""
    if factor != 1:
        how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
        height, width = (max(1, round(side * factor)) for side in rgb.shape[:2])
        rgb = np.asarray(cv2.resize(rgb, (width, height), interpolation=how), np.uint8)
    if not border:
        return rgb
    sides = (border, border, border, border)
    return np.asarray(cv2.copyMakeBorder(rgb, *sides, cv2.BORDER_CONSTANT, value=_GREY), np.uint8)
