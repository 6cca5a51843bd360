"""What select misses where a face is no longer compared with all performers.

python -m tests.bench.bench_probes [--performers 300000] [--faces 8192]

Invented performers whose faces differ in so many directions per model as those of `bench_release`.
Of some, a face is said to be somebody else's: is the right performer among the candidates, by how
near it is? Prints a line each for all performers compared, and for `PROBED` of them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from tests.bench.big_world import DIRECTIONS, FACES_EACH, NOISE
from trainer.faces.agreement import Numbers, Vectors
from trainer.faces.centres import _DIRECTIONS, _QUERIES, _candidates
from trainer.faces.inverted_file import InvertedFile
from trainer.faces.main_directions import main_directions

_COSINES = (0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
_MODELS = 2


def _world(count: int, faces: int, seed: int) -> tuple[Vectors, Vectors]:
    """One model's unit means of `count` performers, and a face each of the first ones."""
    dice = np.random.default_rng(seed)
    people = dice.standard_normal((count, DIRECTIONS), np.float32)
    sizes = dice.choice(np.arange(1, 6, dtype=np.float32), count, p=FACES_EACH)
    scatter = dice.standard_normal((count, DIRECTIONS), np.float32) / np.sqrt(sizes)[:, None]
    noise = dice.standard_normal((faces, DIRECTIONS), np.float32)
    noise *= np.float32(NOISE)
    return _unit(people + np.float32(NOISE) * scatter), _unit(people[:faces] + noise)


def _unit(vectors: Vectors) -> Vectors:
    units: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return units


def _found(lists: InvertedFile, queries: Vectors) -> Iterator[Numbers]:
    for start in range(0, len(queries), _QUERIES):
        part = queries[start : start + _QUERIES]
        yield _candidates(part, lists, np.full(len(part), -1))


def _report(name: str, lists: InvertedFile, queries: Vectors, cosines: Vectors) -> str:
    began = time.process_time()
    found = np.concatenate(list(_found(lists, queries)))
    each = (time.process_time() - began) / len(queries)
    hit = (found == np.arange(len(found))[:, None]).any(axis=1)
    bounds = [*_COSINES, 1.01]
    shares = []
    for least, less in pairwise(bounds):
        chosen = (cosines >= least) & (cosines < less)
        shares.append(f"from {least}: {hit[chosen].mean():.1%} of {chosen.sum()}")
    return f"{name}, {each * 1e3:.2f} ms of CPU per face: {', '.join(shares)}\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--performers", type=int, default=300_000)
    parser.add_argument("--faces", type=int, default=8_192)
    given = parser.parse_args()
    models = [_world(given.performers, given.faces, seed) for seed in range(_MODELS)]
    means, faces = (np.concatenate(side, axis=1) for side in zip(*models, strict=True))
    cosines = np.einsum("nd,nd->n", faces, means[: len(faces)]) / _MODELS
    main_ones = main_directions(means, _DIRECTIONS)
    low, queries = means @ main_ones, faces @ main_ones
    sys.stdout.write(_report("all", InvertedFile(low, len(low)), queries, cosines))
    began = time.process_time()
    lists = InvertedFile(low)
    each = (time.process_time() - began) / len(low)
    sys.stdout.write(f"lists: {each * 1e6:.1f} us of CPU per performer\n")
    sys.stdout.write(_report("in lists", lists, queries, cosines))


if __name__ == "__main__":
    main()
