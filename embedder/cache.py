"""The face cache: which pictures are in it, one writer per shard, parts that appear whole."""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from trainer.errors import StageFailed
from trainer.staging.atomic import write_bytes
from trainer.staging.leases import Taken, lease
from trainer.staging.parquet import parts, read_table
from trainer.staging.parquet_footer import seal_in
from trainer.staging.schemas import FACES

PREFIX = "part-"
_VECTORS = ("facenet", "arcface")


def known_images(cache_dir: Path) -> set[str]:
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
    """Hold the shard alone, also among machines that share the cache; wait for a writer that was
    told to stop and finishes its part.

    Raises `StageFailed` where another one goes on for longer than `seconds`.
    """
    cache_dir.mkdir(parents=True, exist_ok=True)
    path = cache_dir / f".lock-{shard}"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    end = time.monotonic() + seconds
    try:
        with ExitStack() as stack:
            while not _taken(handle, path, stack):
                if time.monotonic() >= end:
                    raise StageFailed(
                        f"{cache_dir}: another embedder works on shard {shard}; wait for it or "
                        "stop it"
                    )
                time.sleep(0.2)
            yield
    finally:
        os.close(handle)


def _taken(handle: int, path: Path, stack: ExitStack) -> bool:
    """Take the kernel's lock and, for other machines, a lease that `stack` gives back."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stack.enter_context(lease(path.with_name(f"{path.name}.leases"), "alone"))
    except (BlockingIOError, Taken):
        return False
    return True
