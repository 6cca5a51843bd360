"""The decoders of a job: how many, and which files they are given."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from embedder.decode_pool import DecodePool, Task
    from trainer.config.jobs import EmbedJob


@contextmanager
def running_decoders(job: EmbedJob, images: list[str]) -> Iterator[tuple[DecodePool, list[Task]]]:
    """Start the decoders for `images` (sha256) and yield them with their tasks; end them after."""
    # Loading the runtime takes longer than finding out that there is nothing to do.
    from embedder.decode_pool import DecodePool
    from embedder.pipeline import slots_each

    tasks = [(image_path(job.images_dir, sha256), sha256) for sha256 in images]
    decoders = min(job.decoders or usable_cores(), len(images))
    with DecodePool(decoders, slots_each(job.batch, decoders)) as pool:
        yield pool, tasks


def image_path(images_dir: Path, sha256: str) -> Path:
    """Where the staging store keeps a picture's bytes."""
    return images_dir / sha256[:2] / sha256


def usable_cores() -> int:
    """Cores that this process may run on; a container may have fewer than the machine."""
    return len(os.sched_getaffinity(0))
