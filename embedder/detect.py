"""Faces of a picture: how it is shown to the pack's detector, and when it is turned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import cv2
import numpy as np
import onnxruntime as ort

from embedder.batches import Batches
from embedder.detect_square import RetinaFace, Scrfd
from embedder.detect_yunet import YuNet
from embedder.faces import Faces, Pixels
from embedder.turns import turned_back, turned_pixels
from embedder.upright import is_doubtful, upright
from trainer.embedding.pack import DetectorRule, YunetRule

_GREY = (127, 127, 127)


class Model(Protocol):
    """One detection model: faces of pictures at their own size, in their pixels."""

    free_batch: bool  # takes several pictures at once

    def shape(self, rgb: Pixels) -> tuple[int, ...]:
        """What pictures of one batch must have in common."""

    def __call__(self, images: Sequence[Pixels]) -> list[Faces]: ...


def open_model(session: ort.InferenceSession, rule: DetectorRule) -> Model:
    """The model that the rule names, over an open session."""
    if isinstance(rule, YunetRule):
        return YuNet(session, rule)
    return {"retinaface": RetinaFace, "scrfd": Scrfd}[rule.kind](session, rule)


class Detector:
    """One pass, and a second, framed one where nothing was found; both again on the picture turned
    by each quarter where what they found is not clearly upright."""

    def __init__(
        self,
        session: ort.InferenceSession,
        rule: DetectorRule,
        batch: int = 1,
    ) -> None:
        self._model = open_model(session, rule)
        self._rule = rule
        self._clear = rule.clear
        self._batches = Batches(batch if self._model.free_batch else 1)

    def __call__(self, rgb: Pixels) -> Faces:
        """The faces of a picture (height, width, 3) in its own pixels."""
        return self.many([rgb])[0]

    def many(self, images: Sequence[Pixels]) -> list[Faces]:
        """The faces of each of `images`; those of one size go through the model together."""
        found = self._look(images, 0)
        doubtful = [n for n, faces in enumerate(found) if is_doubtful(faces, self._clear)]
        unclear = [images[number] for number in doubtful]
        turned = [self._look(unclear, turn) for turn in (1, 2, 3)] if unclear else []
        for number, *others in zip(doubtful, *turned, strict=True):
            found[number] = upright(found[number], others, self._clear, self._rule.confidence)
        return found

    def _look(self, images: Sequence[Pixels], turn: int) -> list[Faces]:
        found = self._pass(images, 0, turn)
        missed = [number for number, faces in enumerate(found) if not len(faces)]
        second = self._pass([images[number] for number in missed], 1, turn)
        for number, faces in zip(missed, second, strict=True):
            found[number] = faces
        return found

    def _pass(self, images: Sequence[Pixels], number: int, turn: int) -> list[Faces]:
        plans = [passes(self._rule, max(rgb.shape[:2]))[number] for rgb in images]
        shown = [framed(rgb, *plan) for rgb, plan in zip(images, plans, strict=True)]
        found = self._by_shape([turned_pixels(rgb, turn) for rgb in shown])
        return [
            turned_back(faces, turn, rgb.shape[1], rgb.shape[0]).mapped(border, factor)
            for faces, rgb, (factor, border) in zip(found, shown, plans, strict=True)
        ]

    def _by_shape(self, shown: list[Pixels]) -> list[Faces]:
        groups: dict[tuple[int, ...], list[int]] = {}
        for number, image in enumerate(shown):
            groups.setdefault(self._model.shape(image), []).append(number)
        found = [Faces.none()] * len(shown)
        for members in groups.values():
            results = self._batches.run(self._model, [shown[number] for number in members])
            for number, faces in zip(members, results, strict=True):
                found[number] = faces
        return found


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
        # Linear in both directions, as the sidecar brings pictures to its detector.
        height, width = (max(1, round(side * factor)) for side in rgb.shape[:2])
        rgb = np.asarray(cv2.resize(rgb, (width, height)), np.uint8)
    if not border:
        return rgb
    sides = (border, border, border, border)
    return np.asarray(cv2.copyMakeBorder(rgb, *sides, cv2.BORDER_CONSTANT, value=_GREY), np.uint8)
