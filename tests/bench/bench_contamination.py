"""5% of the faces given to the wrong person: how many are quarantined, and how many right ones.

python -m tests.bench.bench_contamination real [--seeds 20]
python -m tests.bench.bench_contamination simulated [--performers 5000] [--seeds 3] [--everybody]

`real`: the pictures of `make demo`, embedded by it; file names say who is on them. `simulated`:
vectors with a realistic separation (cosine of one person's faces 0.6 +- 0.12, of two people 0.05 +-
0.1) and faces per performer as in practice. `--everybody`: faces are compared with all performers,
however many there are.
"""

from __future__ import annotations

import argparse
import sys
from functools import reduce
from pathlib import Path

import numpy as np
import polars as pl

from trainer.config.settings import REPO_ROOT
from trainer.faces import inverted_file
from trainer.faces.cache import FaceVectors, read_figures, read_vectors
from trainer.faces.contamination import scan
from trainer.faces.measure_limits import measure_limits
from trainer.faces.trust import with_rows
from trainer.staging.atomic import sha256_file

SHARE = 0.05
_DIRECTIONS = 36  # times the 0.6 that is left of them: two people's faces differ by 0 +- 0.1


def histogram(performers: int, dice: np.random.Generator) -> np.ndarray:
    """Faces per performer: 29% one, 20% two, the rest 3 to 12."""
    kind = dice.random(performers)
    many = dice.integers(3, 13, performers)
    return np.where(kind < 0.29, 1, np.where(kind < 0.49, 2, many))


def clustered(people: np.ndarray, count: int, dice: np.random.Generator) -> np.ndarray:
    """A unit float16 vector a face, (n, 512)."""
    centres = np.zeros((count, 512), np.float32)
    centres[:, :_DIRECTIONS] = _unit(dice.standard_normal((count, _DIRECTIONS), np.float32))
    centres[:, -1] = 0.3  # what all faces share: a mean cosine of 0.05
    centres = _unit(centres)
    kept = np.sqrt(np.clip(dice.normal(0.6, 0.17, len(people)), 0.1, 0.95)).astype(np.float32)
    vectors = np.empty((len(people), 512), np.float16)
    for start in range(0, len(people), 8192):
        part = slice(start, start + 8192)
        noise = _unit(dice.standard_normal((len(people[part]), 512), np.float32))
        away = np.sqrt(1 - kept[part, None] ** 2)
        vectors[part] = _unit(centres[people[part]] * kept[part, None] + away * noise)
    return vectors


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def moved(people: np.ndarray, dice: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Who is said to be on each picture, and which of these are wrong."""
    wrong = dice.random(len(people)) < SHARE
    others = dice.permutation(people)
    owners = np.where(wrong, others, people)
    return owners, owners != people


def judged(owners: np.ndarray, quality: np.ndarray, names: list[str]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "performer_id": owners.astype(np.int64),
            "image_sha256": names,
            "face_no": np.zeros(len(owners), np.int16),
            "trust": ["high"] * len(owners),
            "quality_score": quality,
            "rule": ["single_face"] * len(owners),
        }
    )


def measured(
    people: np.ndarray, faces: FaceVectors, names: list[str], seed: int
) -> dict[str, tuple[int, int]]:
    """What -> (quarantined, of so many); faces are given away among the people of the database."""
    dice = np.random.default_rng([seed, 1])
    owners, wrong = moved(people, dice)
    return scanned(people, owners, wrong, faces, names, dice)


def scanned(
    people: np.ndarray,
    owners: np.ndarray,
    wrong: np.ndarray,
    faces: FaceVectors,
    names: list[str],
    dice: np.random.Generator,
) -> dict[str, tuple[int, int]]:
    """`people`: who each face really is, `owners`: whose it is said to be. Limits are measured on
    these faces, as a build does."""
    frame = judged(owners, dice.random(len(owners)), names)
    found = scan(frame, faces, measure_limits(frame, faces, seed=1))[0]
    gone = (found["rule"] != "single_face").to_numpy()
    size = np.bincount(owners, minlength=owners.max() + 1)[owners]
    right = np.bincount(owners[~wrong], minlength=people.max() + 1)
    listed = right[people] > 0
    groups = {"wrong": wrong, "right": ~wrong}
    for label, few in (("1 face", size == 1), ("2 faces", size == 2), ("3 and more", size > 2)):
        groups |= {f"wrong, {label}": wrong & few, f"right, {label}": ~wrong & few}
    groups["wrong, true owner has other faces"] = wrong & listed
    groups["wrong, true owner has none"] = wrong & ~listed
    counts = {name: (int(gone[at].sum()), int(at.sum())) for name, at in groups.items()}
    rows = with_rows(frame, faces)["row"].to_numpy()
    counts["rank-1 with all faces"] = rank_1(owners, wrong, np.ones(len(owners), bool), faces, rows)
    counts["rank-1 without these"] = rank_1(owners, wrong, ~gone, faces, rows)
    return counts


def rank_1(
    owners: np.ndarray,
    wrong: np.ndarray,
    kept: np.ndarray,
    faces: FaceVectors,
    rows: np.ndarray,
) -> tuple[int, int]:
    """How many of some right faces find their performer first among the `kept` others."""
    several = np.bincount(owners[~wrong], minlength=owners.max() + 1)[owners] > 1
    probes = np.random.default_rng(9).permutation(np.flatnonzero(~wrong & several))[:1_000]
    each = (faces.rows(s, rows[probes]) @ faces.rows(s, rows).T for s in faces.slots)
    near: np.ndarray = reduce(np.add, each)
    near[np.arange(len(probes)), probes] = -np.inf
    near[:, ~kept] = -np.inf
    return int((owners[near.argmax(axis=1)] == owners[probes]).sum()), len(probes)


def simulated(performers: int, seed: int) -> dict[str, tuple[int, int]]:
    dice = np.random.default_rng(seed)
    owners = np.repeat(np.arange(performers), histogram(performers, dice))
    people = owners.copy()  # every other wrong face is of somebody who is not listed
    misplaced = np.flatnonzero(dice.random(len(owners)) < SHARE)
    people[misplaced[::2]] = dice.integers(0, performers, len(misplaced[::2]))
    strangers = len(misplaced[1::2])
    people[misplaced[1::2]] = performers + np.arange(strangers)
    slots = {s: clustered(people, performers + strangers, dice) for s in ("facenet", "arcface")}
    names = [f"{n:08d}" for n in range(len(owners))]
    faces = FaceVectors(keys_of(names), slots)
    return scanned(people, owners, people != owners, faces, names, dice)


def keys_of(names: list[str]) -> pl.DataFrame:
    keys = pl.DataFrame({"image_sha256": names}).with_row_index("row")
    return keys.select(
        "image_sha256", pl.lit(0, pl.Int16).alias("face_no"), pl.col("row").cast(pl.Int64)
    )


def real(cache: Path, who: dict[str, str], seed: int) -> dict[str, tuple[int, int]]:
    known = {name: number for number, name in enumerate(sorted(set(who.values())))}
    figures = read_figures(cache).filter(
        (pl.col("outcome") == "face") & (pl.col("faces_in_image") == 1)
    )
    names = sorted(name for name in figures["image_sha256"] if name in who)
    people = np.array([known[who[name]] for name in names])
    return measured(people, read_vectors(cache, names), names, seed)


def demo() -> tuple[Path, dict[str, str]]:
    """The demo's face cache, and the person of each picture by its sha256."""
    images = (REPO_ROOT / "var" / "demo" / "world" / "pictures").glob("P*.jpg")
    labels = {sha256_file(path): path.name[:4] for path in sorted(images)}
    cache = next((REPO_ROOT / "var" / "demo" / "data" / "faces").glob("demo-*"), None)
    if cache is None or not labels:
        sys.exit("no pictures with faces here: run `make demo` first")
    return cache, labels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["simulated", "real"])
    parser.add_argument("--performers", type=int, default=5000)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--everybody", action="store_true")
    options = parser.parse_args()
    if options.everybody:
        inverted_file.PROBED = options.performers
    total: dict[str, np.ndarray] = {}
    for seed in range(options.seeds):
        if options.what == "real":
            counts = real(*demo(), seed)
        else:
            counts = simulated(options.performers, seed)
        for name, pair in counts.items():
            total[name] = total.get(name, np.zeros(2, np.int64)) + pair
    for name, (gone, count) in total.items():
        what = "found" if name.startswith("rank") else "quarantined"
        line = f"{name:36} {gone:7} of {count:8} {what}: {gone / max(count, 1):7.2%}"
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
