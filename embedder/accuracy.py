"""`python -m embedder.accuracy MODEL_DIR PICTURES_DIR`: how well a pack tells people apart.

PICTURES_DIR holds a folder per person with JPEGs (the layout of Labeled Faces in the Wild). Prints
one JSON object: the share of pictures with a face, and for each slot the verification accuracy
(10-fold, threshold chosen on nine folds and tried on the tenth) and rank-1 with one gallery
picture per person. The largest face of a picture counts.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from embedder.decode_pool import DecodePool
from embedder.decoders import usable_cores
from embedder.engine import Engine
from embedder.pipeline import running, slots_each
from embedder.rows import ROLES, Row
from embedder.sessions import Execution
from embedder.verification import rank_1, verification
from trainer.embedding.pack import read_pack
from trainer.errors import ConfigError, TrainerError
from trainer.log_lines import log_plainly

log = logging.getLogger("embedder.accuracy")

PART = 64
BATCH = 16


def main(arguments: list[str] | None = None) -> int:
    """Measure a pack and print the figures as JSON; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m embedder.accuracy", description=__doc__)
    parser.add_argument("model_dir", type=Path)
    parser.add_argument("images_dir", type=Path)
    parser.add_argument("--pairs", type=int, default=6000, help="half of them of one person")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    log_plainly("stderr")
    try:
        figures = measure(options.model_dir, options.images_dir, options.pairs, options.seed)
    except TrainerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    return 0


def measure(model_dir: Path, images_dir: Path, pairs: int, seed: int) -> dict[str, Any]:
    """The figures of one pack on one folder; raises `ConfigError` for a folder without people."""
    files = sorted(path for path in images_dir.glob("*/*.jpg"))
    if len({path.parent for path in files}) < 2:
        raise ConfigError(
            f"{images_dir}: no folders with pictures (*.jpg) of two people or more; put each "
            "person's pictures into an own one"
        )
    found = largest_faces(model_dir, files)
    people = np.array([path.parent.name for path in files if path in found])
    result: dict[str, Any] = {
        "pictures": len(files),
        "people": len({path.parent for path in files}),
        "faces_found": len(found) / len(files),
    }
    for role in ROLES:
        vectors = np.stack([vector(found[path], role) for path in files if path in found])
        checked = verification(vectors, people, pairs, np.random.default_rng(seed))
        result[role] = {**checked, "rank_1": rank_1(vectors, people)}
    return result


def largest_faces(model_dir: Path, files: list[Path]) -> dict[Path, Row]:
    """The row of the largest face of each picture that has one."""
    by_hash = {hashlib.sha256(path.read_bytes()).hexdigest(): path for path in files}
    engine = Engine(read_pack(model_dir), model_dir, Execution(), BATCH)
    tasks = [(path, sha256) for sha256, path in by_hash.items()]
    found: dict[Path, Row] = {}
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1
        if done % 500 == 0:
            log.info(f"{done} of {len(tasks)} pictures")

    decoders = usable_cores()
    stages = (engine, PART, lambda: False, advance)
    with (
        DecodePool(decoders, slots_each(BATCH, decoders)) as pool,
        running(pool, tasks, *stages) as parts,
    ):
        for row in (row for part in parts for row in part.rows if row["outcome"] == "face"):
            path = by_hash[row["image_sha256"]]
            if path not in found or _area(row) > _area(found[path]):
                found[path] = row
    return found


def vector(row: Row, role: str) -> NDArray[np.float32]:
    """The embedding as it lies in the cache, (512,) at unit length."""
    values = np.frombuffer(row[role], "<f2").astype(np.float32)
    return np.asarray(values / np.linalg.norm(values), np.float32)


def _area(row: Row) -> float:
    return float(row["box"][2] * row["box"][3])


if __name__ == "__main__":
    sys.exit(main())
