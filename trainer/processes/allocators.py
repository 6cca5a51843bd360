"""How a step's process gets its memory, and that it gives back what it has freed."""

from __future__ import annotations

import ctypes

import pyarrow as pa

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # of glibc's malloc.h
_LARGE = 8 << 20  # bytes; glibc alone raises that to 32 MB as it goes
_ARENAS = 2


def return_freed_memory() -> None:
    """Let large blocks go back to the system when they are freed. Kept for later use, as they
    are otherwise, they make `select` twice as large. Without glibc only Arrow's go back."""
    tune = getattr(ctypes.CDLL(None), "mallopt", None)
    if tune is not None:
        tune(_M_MMAP_THRESHOLD, _LARGE)
        tune(_M_ARENA_MAX, _ARENAS)
    pa.set_memory_pool(pa.system_memory_pool())
