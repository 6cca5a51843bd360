"""Stands in for the embedder: `python -m tests.bench.invented_embedder JOB.json`.

The pictures of an invented world say themselves who is on them and how good they are. A face is a
vector around its person's centre, the farther from it the worse the picture.
"""

from __future__ import annotations

import hashlib
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.recorded.box import JPEG
from trainer.config.jobs import EmbedJob
from trainer.staging.atomic import read_json
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import EMBEDDING_WIDTH, FACES

DIRECTIONS = 48  # in which faces differ
NOISE = 0.8  # of a picture of quality 1; two of them have a cosine of about 1 / (1 + NOISE^2)


def image(person: int, number: int, quality: float, usable: bool) -> bytes:
    """The bytes of an invented picture."""
    said = {"person": person, "number": number, "quality": quality, "usable": usable}
    return JPEG + json.dumps(said).encode()


def face(person: int, number: int, quality: float, slot: int) -> np.ndarray:
    """A unit vector, float16, (EMBEDDING_WIDTH,)."""
    centre = np.random.default_rng([slot, person]).standard_normal(DIRECTIONS)
    noise = np.random.default_rng([slot, person, number, 7]).standard_normal(DIRECTIONS)
    vector = _basis(slot) @ (centre + NOISE / max(quality, 0.1) * noise)
    return (vector / np.linalg.norm(vector)).astype("<f2")


@cache
def _basis(slot: int) -> np.ndarray:
    random = np.random.default_rng([slot, 99]).standard_normal((EMBEDDING_WIDTH, DIRECTIONS))
    return np.linalg.qr(random)[0]


def row(sha256: str, content: bytes) -> dict[str, Any]:
    """The picture's row of the face cache."""
    said = json.loads(content.removeprefix(JPEG))
    found = dict.fromkeys(FACES.names) | {"image_sha256": sha256, "face_no": 0}
    found |= {"image_width": 400, "image_height": 600, "faces_in_image": 1, "turn": 0}
    found["phash"] = bytes.fromhex(sha256[:16])
    if not said["usable"]:
        return found | {"outcome": "no_face", "face_no": -1, "faces_in_image": 0}
    side = 112 * said["quality"] ** 2  # the quality score goes by its root
    place = (said["person"], said["number"], said["quality"])
    return found | {
        "outcome": "face",
        "box": [10.0, 10.0, side, side],
        "landmarks": [20.0] * 10,
        "detector_score": 1.0,
        "sharpness": 100.0,
        "brightness": 120.0,
        "yaw": float(said["number"] % 9 - 4),
        "pitch": 0.0,
        "roll": 0.0,
        "facenet": face(*place, 1).tobytes(),
        "arcface": face(*place, 2).tobytes(),
    }


def main(path: Path) -> int:
    """Write one part of the job's rows, then the report."""
    job = EmbedJob.model_validate(read_json(path))
    rows = [row(sha, (job.images_dir / sha[:2] / sha).read_bytes()) for sha in job.images]
    if rows:
        name = hashlib.sha256("".join(job.images).encode()).hexdigest()[:16]
        write_rows(job.cache_dir / f"part-{name}.parquet", rows, FACES)
    faces = sum(one["outcome"] == "face" for one in rows)
    StageManifest(
        run_id=job.run_id,
        stage="embed",
        name=job.shard,
        status="complete",
        started_at=job.started_at,
        completed_at=job.started_at,
        counts={"pictures": len(rows), "faces": faces, "no_face": len(rows) - faces},
    ).write(job.report_dir)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[-1])))
