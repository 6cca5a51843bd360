"""A data directory as large as a real one: snapshots of three sources and a face cache. Everybody
in it is invented, faces are random vectors around a centre per person.

A week's world holds the one before; `week` 1 changes one percent of it, and some pictures are gone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import write_table
from trainer.staging.schemas import FACES, IMAGES, PERFORMERS

WHEN = "2026-11-01T00:00:00Z"
# Directions that faces differ in. Real embeddings differ in far fewer than they have numbers: 9 to
# 19 were measured for face models of 128 to 512 (Gong, Boddeti, Jain: On the Intrinsic
# Dimensionality of Image Representations, 2019). Where they are all 512, a face without a second
# one has nothing but noise around it, and no graph finds the nearest of that.
DIRECTIONS = 32
NOISE = 0.8  # two faces of a person have a cosine of about 1 / (1 + NOISE^2)
FACES_EACH = (0.22, 0.15, 0.1, 0.1, 0.43)  # share of people with 1 to 5 faces: 3.4 in the mean
WEEKLY = 0.01  # of the people: half of them new, half with one more picture and another alias
LOSING = 500  # one of so many has a picture less in week 1, if there are others
_SYLLABLES = [a + b for a in "bdklmnrst" for b in "aeiou"]
_PART = 16_384
_SIDE = 120.0


@dataclass(frozen=True)
class Person:
    number: int
    faces: int
    week: int  # of the world that they are first in
    changed: int  # faces that came in week 1
    lost: int = 0  # faces that went

    @property
    def uuid(self) -> str:
        return _uuid("stashdb", self.number)

    @property
    def name(self) -> str:
        digits = hashlib.sha256(f"name{self.number}".encode()).digest()
        parts = [_SYLLABLES[d % len(_SYLLABLES)] for d in digits[:6]]
        return f"{''.join(parts[:2]).title()} {''.join(parts[2:]).title()}"

    @property
    def born(self) -> str:
        digits = hashlib.sha256(f"born{self.number}".encode()).digest()
        return f"{1965 + digits[0] % 35}-{1 + digits[1] % 12:02d}-{2 + digits[2] % 26:02d}"


def people(count: int, week: int) -> list[Person]:
    """`count` people, and those that came by `week`."""
    extra = int(count * WEEKLY / 2) if week else 0
    numbers = np.random.default_rng(5).choice(
        np.arange(1, 6), count + int(count * WEEKLY / 2), p=FACES_EACH
    )
    found = []
    for number in range(count + extra):
        changed = int(week > 0 and number < count and number % int(2 / WEEKLY) == 0)
        faces = int(numbers[number]) - (1 if changed and numbers[number] == 5 else 0)
        lost = int(week > 0 and number < count and number % LOSING == 7 and faces > 1)
        found.append(Person(number, faces, int(number >= count), changed, lost))
    return found


def write_snapshots(run_root: Path, crowd: list[Person], run_id: str) -> None:
    """performers.parquet and images.parquet of each source, and what its crawl left behind."""
    for source, rows in (
        ("stashdb", [_stashdb(p) for p in crowd]),
        ("theporndb", [_theporndb(p) for p in crowd if p.number % 2 == 0]),
        ("fansdb", [_fansdb(p) for p in crowd if p.number % 10 == 1]),
    ):
        directory = run_root / "snapshot" / source
        write_table(directory / "performers.parquet", pa.Table.from_pylist(rows, PERFORMERS))
        images = [
            dict.fromkeys(IMAGES.names)
            | {"url": i["url"], "source": source, "status": "fetched", "sha256": _sha(i["url"])}
            | {"fetched_at": WHEN, "run_id": run_id}
            for row in rows
            for i in row["images"]
        ]
        write_table(directory / "images.parquet", pa.Table.from_pylist(images, IMAGES))
        StageManifest(
            run_id=run_id,
            stage="crawl",
            name=source,
            status="complete",
            started_at=WHEN,
            completed_at=WHEN,
        ).write(run_root / "staging" / source)


def write_cache(directory: Path, crowd: list[Person], prefix: str) -> int:
    """The face cache of all pictures of `crowd`; returns the number of faces."""
    total = 0
    for part, rows in enumerate(_parts(crowd)):
        write_table(directory / f"part-{prefix}-{part:05d}.parquet", rows)
        total += len(rows)
    return total


def _parts(crowd: list[Person]) -> Iterator[pa.Table]:
    pending: list[tuple[int, int]] = []
    for person in crowd:
        pending += [(person.number, shot) for shot in shots(person)]
        if len(pending) >= _PART:
            yield _faces(pending)
            pending = []
    if pending:
        yield _faces(pending)


def shots(person: Person) -> list[int]:
    return list(range(person.lost, person.faces + person.changed))


def _faces(images: list[tuple[int, int]]) -> pa.Table:
    shas = [_sha(_url(number, shot)) for number, shot in images]
    n = len(shas)
    columns: dict[str, Any] = {name: pa.nulls(n, FACES.field(name).type) for name in FACES.names}
    columns |= {
        "image_sha256": shas,
        "face_no": pa.array([0] * n, pa.int16()),
        "outcome": ["face"] * n,
        "faces_in_image": pa.array([1] * n, pa.int16()),
        "box": pa.array([[0.0, 0.0, _SIDE, _SIDE]] * n, pa.list_(pa.float32(), 4)),
        "detector_score": pa.array([0.8 + int(s[:2], 16) / 2000 for s in shas], pa.float32()),
        "sharpness": pa.array([80.0 + int(s[2:4], 16) / 4 for s in shas], pa.float32()),
        "yaw": pa.array([int(s[4:6], 16) / 4 - 32 for s in shas], pa.float32()),
        "phash": pa.array([bytes.fromhex(s[:16]) for s in shas], pa.binary(8)),
    }
    for salt, slot in enumerate(("facenet", "arcface")):
        vectors = _vectors(images, salt)
        columns[slot] = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(1024), n, [None, pa.py_buffer(vectors.tobytes())]
        )
    return pa.table(columns).cast(FACES)


def _vectors(images: list[tuple[int, int]], salt: int) -> np.ndarray[Any, Any]:
    owners = sorted({number for number, _ in images})
    shape = (len(images), DIRECTIONS)
    centres = {
        n: np.random.default_rng([salt, n]).standard_normal(DIRECTIONS, np.float32) for n in owners
    }
    noise = np.random.default_rng([salt, 7, *images[0]]).standard_normal(shape, np.float32)
    space = np.linalg.qr(np.random.default_rng(salt).standard_normal((512, DIRECTIONS)))[0]
    inside = np.stack([centres[number] for number, _ in images]) + NOISE * noise
    found = inside @ space.T.astype(np.float32)
    return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype("<f2")


def _record(source: str, number: str, person: Person, **facts: Any) -> dict[str, Any]:
    row = dict.fromkeys(PERFORMERS.names) | {
        "source": source,
        "source_id": number,
        "name": person.name,
        "page_url": f"https://{source}.example/performers/{number}",
        "gender": "FEMALE",
        "birth_date": person.born,
        "career_start_year": int(person.born[:4]) + 21,
        "deleted": False,
        "created_at": WHEN,
        "updated_at": WHEN,
        "aliases": [f"{person.name} {n}" for n in range(person.number % 3 + person.changed)],
        "urls": [],
        "images": [],
    }
    return row | facts


def _stashdb(person: Person) -> dict[str, Any]:
    return _record(
        "stashdb",
        person.uuid,
        person,
        country=("CZ", "US", "FR", "HU")[person.number % 4],
        height_cm=150 + person.number % 40,
        tattoos=[{"location": "arm", "description": None}] * (person.number % 2),
        urls=[
            {"url": f"https://www.imdb.com/name/nm{person.number + 1000000:07d}", "site": "IMDb"},
            {"url": f"https://twitter.com/person_{person.number}", "site": "Twitter"},
        ],
        images=[_image(person.number, shot) for shot in shots(person)],
    )


def _theporndb(person: Person) -> dict[str, Any]:
    link = {"url": f"https://stashdb.org/performers/{person.uuid}", "site": "StashDB"}
    linked = person.number % 4 == 0  # the others are found by name and birth date
    number = _uuid("theporndb", person.number)
    return _record("theporndb", number, person, urls=[link] if linked else [])


def _fansdb(person: Person) -> dict[str, Any]:
    link = {"url": f"https://twitter.com/person_{person.number}", "site": "Twitter"}
    number = _uuid("fansdb", person.number)
    return _record("fansdb", number, person, urls=[link], birth_date=None)


def _image(number: int, shot: int) -> dict[str, Any]:
    blank = {"image_id": None, "width": 800, "height": 1200, "fallback_for": None}
    return blank | {"url": _url(number, shot)}


def _url(number: int, shot: int) -> str:
    return f"https://pictures.example/{number}/{shot}.jpg"


def _sha(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def _uuid(source: str, number: int) -> str:
    digest = hashlib.md5(f"{source}{number}".encode(), usedforsecurity=False).hexdigest()
    parts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:])
    return "-".join(parts)
