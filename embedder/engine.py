"""The pack's three models on one device."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import cv2
import onnxruntime as ort

from embedder.detect import Detector
from embedder.faces import Faces
from embedder.recognise import Recogniser
from embedder.rows import ROLES
from embedder.sessions import Execution, open_session
from embedder.vectors import Crop, Floats, Pixels
from trainer.embedding.pack import PackInfo, Role

_MODELS: tuple[Role, ...] = ("detector", "facenet", "arcface")


class Engine:
    """Detects and embeds; both may be called at the same time from two threads.

    On the CPU one model runs at a time, with all threads: two would only be in each other's way.
    """

    def __init__(
        self,
        pack: PackInfo,
        model_dir: Path,
        execution: Execution,
        batch: int,
        beside: Engine | None = None,
    ) -> None:
        """`beside`: an engine on the same device, whose models serve here too where both packs
        have the same file, one at a time."""
        cv2.setNumThreads(1)  # the stages are the threads; OpenCV's own would only compete
        self.pack = pack
        self.batch = batch
        self._turn: AbstractContextManager[object] = (
            beside._turn
            if beside
            else (threading.Lock() if execution.device == "cpu" else nullcontext())
        )
        self.sessions: dict[str, ort.InferenceSession] = {
            role: (beside and beside.session_of(pack.files[role].sha256))
            or open_session(pack.path(model_dir, role), execution, role in ROLES)
            for role in _MODELS
        }
        self._detector = Detector(self.sessions["detector"], pack.detector, batch)
        self._recognisers = {
            role: Recogniser(self.sessions[role], getattr(pack, role), batch, pack.flip_averaging)
            for role in ROLES
        }

    def session_of(self, sha256: str) -> ort.InferenceSession | None:
        """The open session of the model file with this hash."""
        roles = [role for role in _MODELS if self.pack.files[role].sha256 == sha256]
        return self.sessions[roles[0]] if roles else None

    def detect(self, images: Sequence[Pixels]) -> list[Faces]:
        """The faces of each picture, in its pixels."""
        with self._turn:
            return self._detector.many(images)

    def embed(self, role: str, crops: Sequence[Crop]) -> Floats:
        """(n, 512) unit embeddings of n crops; NaN where one has no direction."""
        with self._turn:
            return self._recognisers[role](crops)
