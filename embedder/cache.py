"""The face cache: which pictures are in it, one writer per shard, parts that appear whole."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trainer.errors import StageFailed
from trainer.staging.atomic import write_bytes
from trainer.staging.parquet import parts, read_table
from trainer.staging.parquet_footer import seal_in
from trainer.staging.schemas import FACES

PREFIX = "part-"
_VECTORS = ("facenet", "arcface")


def known_pictures(cache_dir: Path) -> set[str]:
    """sha256 of every picture that has a row; raises `DamagedFileError` for a damaged part."""
    known: set[str] = set()
    for path in parts(cache_dir, PREFIX):
        known.update(read_table(path, ["image_sha256"])["image_sha256"].to_pylist())
    return known


def write_part(
    cache_dir: Path,
    shard: str,
    rows: list[dict[str, Any]],
    prefix: str = PREFIX,
    schema: pa.Schema = FACES,
) -> tuple[str, str]:
    """Write `rows` as a part named after its content; returns its name and sha256."""
    buffer = io.BytesIO()
    plain = [name for name in schema.names if name not in _VECTORS]
    pq.write_table(
        pa.Table.from_pylist(rows, schema=schema),
        buffer,
        compression=dict.fromkeys(plain, "zstd"),  # vectors hardly get smaller
        write_page_checksum=True,
        use_dictionary=[name for name in plain if name not in ("box", "landmarks", "phash")],
        write_statistics=plain,
    )
    seal_in(buffer)
    content = buffer.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    name = f"{prefix}{shard}-{digest[:16]}.parquet"
    write_bytes(cache_dir / name, content)
    return name, digest


@contextmanager
def shard_lock(cache_dir: Path, shard: str, seconds: float = 120.0) -> Iterator[None]:
    """Hold the shard alone; wait for a writer that was told to stop and finishes its part.

    Raises `StageFailed` where another one goes on for longer than `seconds`.
    """
    cache_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(cache_dir / f".lock-{shard}", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait_for(handle, cache_dir, shard, seconds)
        yield
    finally:
        os.close(handle)


def _wait_for(handle: int, cache_dir: Path, shard: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= end:
                raise StageFailed(
                    f"{cache_dir}: another embedder works on shard {shard}; wait for it or stop it"
                ) from None
            time.sleep(0.2)
        else:
            return
