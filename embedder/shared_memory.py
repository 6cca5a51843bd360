"""Memory that a decoding child writes pixels into and the parent reads them from."""

from __future__ import annotations

import math
import mmap
import os
from multiprocessing.reduction import DupFd
from typing import Any

import numpy as np

from embedder.decode import MAX_SIDE, Pixels

SLOT_BYTES = -(-MAX_SIDE * MAX_SIDE * 3 // mmap.PAGESIZE) * mmap.PAGESIZE


class SharedSlots:
    """`count` places for one picture each, in anonymous memory: only what is used is there.

    No file of /dev/shm: containers have 64 MB of that.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._handle = os.memfd_create("pictures")
        os.ftruncate(self._handle, count * SLOT_BYTES)
        self._memory = mmap.mmap(self._handle, count * SLOT_BYTES)

    def __reduce__(self) -> tuple[object, ...]:
        """Handed to a child that is being started: the same memory, as `Shared`."""
        return Shared, (DupFd(self._handle), self._count)

    def pixels(self, slot: int, shape: tuple[int, ...]) -> Pixels:
        """The (height, width, 3) picture in `slot`; valid until the slot is used again."""
        return _view(self._memory, slot, shape)

    def close(self) -> None:
        """No child can be given it any more; it is freed when the last view of it is gone."""
        os.close(self._handle)


class Shared:
    """The same memory in the child."""

    def __init__(self, lent: Any, count: int) -> None:
        handle = lent.detach()
        self._memory = mmap.mmap(handle, count * SLOT_BYTES)
        os.close(handle)

    def fill(self, slot: int, pixels: Pixels) -> None:
        """Copy a picture into its slot."""
        np.copyto(_view(self._memory, slot, pixels.shape), pixels)


def _view(memory: mmap.mmap, slot: int, shape: tuple[int, ...]) -> Pixels:
    return np.frombuffer(memory, np.uint8, math.prod(shape), slot * SLOT_BYTES).reshape(shape)
