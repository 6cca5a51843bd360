"""Loads what stashface is given, and names faces as its server does; in our own words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple, cast

import numpy as np
import pyzipper
import voyager

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.release.consumer import Vote, consumer
from trainer.release.contract import DIMENSIONS
from trainer.release.vector_file import Vectors

PERSONS_MEMBER = "performers.json"


class Named(NamedTuple):
    """A performer that the server would answer with; `confidence`, 0 to 1, tells how clearly the
    nearest face stands out, not how near it is."""

    uuid: str
    name: str
    confidence: float


class StashfaceReader:
    """The four files of a folder. Raises `DamagedFileError` for what the server could not use."""

    def __init__(self, folder: Path, password: str) -> None:
        described = consumer("stashface")
        self._vote = cast("Vote", described.matching)
        files = described.files
        self._indexes = [_index(folder / files.facenet), _index(folder / files.arcface)]
        self.uuids = _listed(folder / files.faces)
        self.persons = _persons(folder / files.performers, password)
        for index in self._indexes:
            if len(index) != len(self.uuids):
                raise DamagedFileError(
                    f"{folder}: {len(index)} vectors, {len(self.uuids)} faces; export again"
                )
        if len(self.uuids) < described.min_faces:
            raise DamagedFileError(
                f"{folder}: {len(self.uuids)} faces, the server asks for {described.min_faces}; "
                "add sources and build again"
            )

    def name(self, facenet: Vectors, arcface: Vectors, results: int = 1) -> list[Named]:
        """The performers that a face's two vectors, (512,) each, are named as; best first.

        Models vote for faces, so that a performer may be answered twice. One that is not in the
        list of persons is passed over, as the server does.
        """
        votes: dict[int, list[float]] = {}
        k = max(results, self._vote.neighbours)
        for index, vector in zip(self._indexes, (facenet, arcface), strict=True):
            ids, distances = index.query(vector, k=k)
            confidence = _softmax(np.asarray(distances), self._vote.temperature)
            votes.setdefault(int(ids[0]), []).append(float(confidence[0]))
        # The share of the votes, times their mean confidence: their sum over the number of models.
        score = {
            face: min(1.0, self._vote.boost * sum(shares) / len(self._indexes))
            for face, shares in votes.items()
        }
        ordered = sorted(score, key=lambda face: -score[face])
        return [
            Named(self.uuids[face], self.persons[self.uuids[face]]["name"], score[face])
            for face in ordered
            if self.uuids[face] in self.persons
        ]


def _softmax(distances: Vectors, temperature: float) -> Vectors:
    """Of distances that are scaled to 0..1, the smallest highest."""
    spread = float(distances.max() - distances.min()) or 1.0
    powers = np.exp(-(distances - distances.min()) / spread / temperature)
    shares: Vectors = powers / powers.sum()
    return shares


def _index(path: Path) -> voyager.Index:
    try:
        index = voyager.Index.load(str(path))
    except (OSError, RuntimeError, ValueError) as error:
        raise DamagedFileError(f"{path}: {reason(error)}; export again") from error
    if index.num_dimensions != DIMENSIONS or index.space != voyager.Space.Cosine:
        raise DamagedFileError(f"{path}: no cosine index of {DIMENSIONS} numbers; export again")
    return index


def _listed(path: Path) -> list[str]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedFileError(f"{path}: {reason(error)}; export again") from error
    if not isinstance(found, list) or not all(isinstance(uuid, str) for uuid in found):
        raise DamagedFileError(f"{path}: no list of ids; export again")
    return found


def _persons(path: Path, password: str) -> dict[str, dict[str, Any]]:
    try:
        with pyzipper.AESZipFile(path) as archive:
            archive.setpassword(password.encode())
            found: dict[str, dict[str, Any]] = json.loads(archive.read(PERSONS_MEMBER))
    except (OSError, ValueError, KeyError, RuntimeError, pyzipper.BadZipFile) as error:
        raise DamagedFileError(
            f"{path}: {reason(error)}; check the password, or export again"
        ) from error
    return found
