"""What a stashface server does with its four files, written from its contract alone."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyzipper
import voyager


class Server:
    """Loads a folder; answers two vectors of a face as the server answers a picture."""

    def __init__(self, folder: Path, password: str) -> None:
        self.facenet = voyager.Index.load(str(folder / "face_facenet.voy"))
        self.arcface = voyager.Index.load(str(folder / "face_arc.voy"))
        self.faces = json.loads((folder / "faces.json").read_text())
        with pyzipper.AESZipFile(folder / "persons.zip") as archive:
            archive.setpassword(password.encode())
            self.persons = json.loads(archive.read("performers.json"))

    def answers(self, facenet: np.ndarray, arcface: np.ndarray) -> list[tuple[str, str, float]]:
        """UUID, name and confidence of each answer, best first: a vote is for a face, so that two
        faces of one performer are two answers."""
        votes: dict[int, list[float]] = {}
        for index, vector in ((self.facenet, facenet), (self.arcface, arcface)):
            ids, distances = index.query(vector, k=50)
            spread = (distances - distances.min()) / (distances.max() - distances.min())
            shares = np.exp(-spread / 0.1) / np.exp(-spread / 0.1).sum()
            votes.setdefault(int(ids[0]), []).append(float(shares[0]))
        scores = {
            face: min(1.0, len(shares) / 2 * float(np.mean(shares)) * 1.8)
            for face, shares in votes.items()
        }
        found = [
            (self.faces[face], scores[face]) for face in sorted(scores, key=lambda f: -scores[f])
        ]
        return [(u, self.persons[u]["name"], s) for u, s in found if u in self.persons]

    def best(self, facenet: np.ndarray, arcface: np.ndarray) -> str:
        """The name that is answered first."""
        return self.answers(facenet, arcface)[0][1]
