"""Invented faces for tests of trust: a row each, with a vector near its person's direction."""

from __future__ import annotations

from itertools import count
from typing import Any

import numpy as np
import polars as pl

from trainer.faces.cache import FaceVectors

MIRA, BO, NOISE, WREN = 0, 1, 2, 3  # directions of the invented people's vectors
_NUMBERS = count()


def direction(person: int, salt: int, spread: float = 0.5) -> np.ndarray:
    """A unit vector near the person's: faces of one person have a cosine of about 0.8."""
    vector = np.zeros(512)
    vector[person] = 1
    noise = np.random.default_rng([person, salt]).standard_normal(500)
    vector[12:] += spread * noise / np.linalg.norm(noise)
    return (vector / np.linalg.norm(vector)).astype("<f2")


def face(
    trust: str,
    person: int,
    *,
    owner: int = 1,
    source: str | None = None,
    rule: str = "single_face",
    no: int = 0,
    sha: str | None = None,
    phash: bytes | None = None,
    area: float = 1.0,
    of: int = 1,
) -> dict:
    """`area`: of its box, in squares of 100 pixels; `of`: faces in its image."""
    number = next(_NUMBERS)
    side = 100 * area**0.5
    return {
        "performer_id": owner,
        "image_sha256": sha or f"{number:04d}",
        "face_no": no,
        "source": source or f"{trust}1",
        "trust": trust,
        "rule": rule,
        "phash": phash or (number * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8),
        "box": [10.0, 10.0, side, side],
        "faces_in_image": of,
        "vector": direction(person, number),
    }


def image(trust: str, *people: tuple[int, float], **more: Any) -> list[dict]:
    """The faces of one image with several: (person, area) each."""
    first = next(_NUMBERS)
    common: dict[str, Any] = {
        "sha": f"{first:04d}",
        "phash": (first * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8),
        "rule": "several_faces",
        "of": len(people),
    }
    return [
        face(trust, person, area=area, no=number, **(common | more))
        for number, (person, area) in enumerate(people)
    ]


def frame(faces: list[dict]) -> tuple[pl.DataFrame, FaceVectors]:
    rows = pl.DataFrame(
        [{k: v for k, v in f.items() if k != "vector"} for f in faces],
        schema_overrides={
            "face_no": pl.Int16,
            "performer_id": pl.Int64,
            "box": pl.Array(pl.Float32, 4),
            "faces_in_image": pl.Int16,
        },
    )
    stack = np.stack([f["vector"] for f in faces])
    keys = rows.select("image_sha256", "face_no").with_row_index("row")
    keys = keys.with_columns(pl.col("row").cast(pl.Int64))
    return rows, FaceVectors(keys, {"facenet": stack, "arcface": stack})
