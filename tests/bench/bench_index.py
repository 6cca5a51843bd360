"""One index of a large release, as the build makes it: recall of each M that it tries.

`make bench-index [VECTORS=370000] [DIRECTIONS=512]`: invented faces that differ in so many
of the 512 directions. In all of them vectors are as hard to search as they can be: whoever has no
second face has all others at nearly the same distance.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.bench.big_world import FACES_EACH, NOISE
from trainer.config.settings import REPO_ROOT
from trainer.log_lines import log_plainly
from trainer.release.contract import DIMENSIONS
from trainer.release.index import IndexOptions, build_index
from trainer.release.vector_file import Vectors
from trainer.staging.atomic import write_json
from trainer.staging.progress import Progress

_BLOCK = 8_192


def faces(count: int, directions: int, seed: int) -> Vectors:
    """(count, 512) unit vectors of people with one to five faces, in random order."""
    rng = np.random.default_rng(seed)
    sizes = rng.choice(np.arange(1, 6), size=count, p=FACES_EACH)
    owners = rng.permutation(np.repeat(np.arange(count), sizes)[:count])
    centres = rng.standard_normal((owners.max(initial=0) + 1, directions), np.float32)
    space = np.linalg.qr(rng.standard_normal((DIMENSIONS, directions)))[0].T.astype(np.float32)
    vectors = np.empty((count, DIMENSIONS), np.float32)
    for start in range(0, count, _BLOCK):
        own = owners[start : start + _BLOCK]
        noise = rng.standard_normal((len(own), directions), np.float32)
        part = (centres[own] + np.float32(NOISE) * noise) @ space
        vectors[start : start + _BLOCK] = part / np.linalg.norm(part, axis=1, keepdims=True)
    return vectors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--vectors", type=int, default=370_000)
    parser.add_argument("--directions", type=int, default=DIMENSIONS)
    parser.add_argument("--start", type=int, help="the first M; by size where not given")
    given = parser.parse_args()
    vectors = faces(given.vectors, given.directions, seed=1)
    with TemporaryDirectory(dir=REPO_ROOT / "var") as directory:
        path = Path(directory) / "face.voy"
        log_plainly("stdout")
        progress = Progress(Path(directory), "vectors indexed", len(vectors))
        began = time.monotonic()
        result = build_index(
            path, vectors, IndexOptions(start=given.start), advance=progress.advance
        )
        found = vars(given) | {
            "seconds": round(time.monotonic() - began),
            "curve": result.as_json()["curve"],
            "mb": round(path.stat().st_size / 1e6, 1),
            "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    write_json(REPO_ROOT / "var" / "bench" / "index.json", found)
    print(json.dumps(found, indent=2))  # noqa: T201


if __name__ == "__main__":
    main()
