"""An invented world for the release's tests: people as noisy clusters of unit vectors."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np

from trainer.release.inputs import FACE_INPUT, FACES_FILE, PERFORMER_INPUT, PERFORMERS_FILE
from trainer.release.write import ReleasePack
from trainer.staging.parquet import write_rows

WHEN = "2026-11-01T00:00:00Z"
PACK = ReleasePack(
    id="demo-0123abcd",
    detector="yunet_2023mar",
    alignment="norm_crop_5point",
    facenet="facenet_casia_512",
    arcface="sface_128_zero_padded",
)
HOSTILE = [
    'Ann "Quote" O\'Hara; DROP TABLE faces;--',
    "\u202e\u05e8\u05d5\u05ea Right-To-Left",
    "Zoë\tTab\nNewline",
    "名前 🎭",
    "%_like_%",
]


def uuid_of(number: int, source: str = "stashdb") -> str:
    digest = hashlib.md5(f"{source}{number}".encode(), usedforsecurity=False).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-{digest[12:16]}-{digest[16:20]}-{digest[20:]}"


def performer(number: int, **changes: Any) -> dict[str, Any]:
    name = HOSTILE[number - 1] if number <= len(HOSTILE) else f"Invented Person {number:03d}"
    row: dict[str, Any] = dict.fromkeys(PERFORMER_INPUT.names)
    row |= {
        "performer_id": number,
        "canonical_name": name,
        "gender": "FEMALE",
        "country": "XX",
        "birth_date": "1990",
        "created_at": WHEN,
        "updated_at": WHEN,
        "image_url": f"http://127.0.0.1/{number}.jpg",
        "universal_id": f"stashdb.org:{uuid_of(number)}",
        "claims": [{"source": "stashdb", "source_id": uuid_of(number), "created_at": WHEN}],
        "aliases": [{"alias": f"Alias {number}", "source": "stashdb"}],
        "urls": [
            {
                "site": "iafd",
                "url": f"http://127.0.0.1/iafd/{number}",
                "normalized_id": f"p{number}",
                "source": "stashdb",
            }
        ],
        "merged": [],
        "tattoos": [{"location": "arm", "description": None, "source": "stashdb"}] * 2,
        "piercings": [],
    }
    return row | changes


def by_both_models(owners: list[int], **more: Any) -> tuple[np.ndarray, np.ndarray]:
    """Embeddings of the same faces by two models, as float32."""
    one, other = (embeddings(owners, salt=salt, **more).astype(np.float32) for salt in (1, 2))
    return one, other


def embeddings(owners: list[int], *, salt: int, noise: float = 0.55) -> np.ndarray:
    """Unit float16 vectors (n, 512): a random centre an owner plus noise that differs in size.

    The expected cosine of two faces of one owner is about 1 / (1 + noise^2).
    """
    rows = []
    for number, owner in enumerate(owners):
        centre = np.random.default_rng([salt, owner]).standard_normal(512) / np.sqrt(512)
        random = np.random.default_rng([salt, owner, number])
        spread = noise * random.uniform(0.6, 1.4)
        rows.append(centre + spread * random.standard_normal(512) / np.sqrt(512))
    vectors = np.array(rows).reshape(-1, 512)
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype("<f2")


def faces(owners: list[int], **changes: Any) -> list[dict[str, Any]]:
    facenet, arcface = embeddings(owners, salt=1), embeddings(owners, salt=2)
    return [
        {
            "performer_id": owner,
            "image_sha256": hashlib.sha256(f"{owner}/{number}".encode()).hexdigest(),
            "face_no": 0,
            "image_url": f"http://127.0.0.1/{owner}/{number}.jpg",
            "page_url": f"http://127.0.0.1/performers/{owner}",
            "source": "stashdb",
            "quality_score": 1.5,
            "yaw": -3.25,
            "created_at": WHEN,
            "run_id": "run-1",
            "rule": "high_trust",
            "facenet": facenet[number].tobytes(),
            "arcface": arcface[number].tobytes(),
        }
        | changes
        for number, owner in enumerate(owners)
    ]


def write_world(
    directory: Path, performers: list[dict[str, Any]], face_rows: list[dict[str, Any]]
) -> Path:
    write_rows(directory / PERFORMERS_FILE, performers, PERFORMER_INPUT)
    write_rows(directory / FACES_FILE, face_rows, FACE_INPUT)
    return directory


def world(directory: Path, people: int = 60, each: int = 5) -> Path:
    """`people` performers with `each` faces, the first few with hostile names."""
    numbers = list(range(1, people + 1))
    owners = [number for number in numbers for _ in range(each)]
    return write_world(directory, [performer(n) for n in numbers], faces(owners))
