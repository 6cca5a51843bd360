"""Many small parts of a face cache become one: each build adds some, and every step opens all."""

from __future__ import annotations

import hashlib
from pathlib import Path

from trainer.faces.cache import cache_parts
from trainer.staging.parquet import read_parts, write_table
from trainer.staging.schemas import FACES

SMALL = 8_000_000  # bytes; what is joined is held in memory
MANY = 32


def join_small_parts(directory: Path) -> int:
    """Write small parts as one where there are more than `MANY`; return how many files fewer.

    Safe to kill and to repeat: a row that stands twice until then counts once for all readers.
    Raises `DamagedFileError` naming a part, and joins none.
    """
    small = [path for path in cache_parts(directory) if path.stat().st_size < SMALL]
    if len(small) <= MANY:
        return 0
    names = hashlib.sha256("\n".join(path.name for path in small).encode()).hexdigest()
    target = directory / f"part-joined-{names[:16]}.parquet"
    write_table(target, read_parts(small, FACES).combine_chunks())
    for path in small:
        if path != target:
            path.unlink()
    return len(small) - 1
