"""Run as a program on one Voyager file: prints what a consumer would find, as one JSON line.

A damaged index can crash its reader, so it is opened here, in a process that may die. Imports
nothing of ours: `python index_probe.py FILE K`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import voyager


def probe(path: Path, k: int) -> dict[str, object]:
    """Size, space, ids and the outcome of queries with a spread of the index's own vectors.

    With fewer vectors than `k` as many are asked for as there are: that they are too few is found
    by their count.
    """
    index = voyager.Index.load(str(path))
    count = len(index)
    ids = sorted(index.ids)
    spread = sorted({ids[int(i)] for i in np.linspace(0, count - 1, 50)}) if count else []
    vectors = np.asarray(index.get_vectors(spread)) if spread else np.empty((0, 1))
    found_self = 0
    query_error = ""
    try:
        for own, vector in zip(spread, vectors, strict=True):
            neighbours, distances = index.query(vector, k=min(k, count))
            # A duplicate may come first: the vector itself, or one at distance zero.
            found_self += own in neighbours or float(distances[0]) < 1e-4
    except Exception as error:
        query_error = str(error) or "the query failed"
    exact = index.storage_data_type == voyager.StorageDataType.Float32
    near = 1e-3 if exact else 0.1  # Float8 rounds every number down: a length of about 0.93
    return {
        "count": count,
        "dense": ids == list(range(count)),
        "dimensions": index.num_dimensions,
        "space": index.space.name,
        "asked": len(spread),
        "found_self": found_self,
        "query_error": query_error,
        "unit": bool(np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=near)),
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(probe(Path(sys.argv[1]), int(sys.argv[2]))) + "\n")
