"""The child that decodes: hostile bytes meet a decoder here, under limits, and nowhere else."""

from __future__ import annotations

import os
import resource
import signal
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from embedder.decode import DecodedImage, Refused, Unreadable, decode_file
from embedder.shared_memory import Shared

# Models use all cores together: whoever takes one for a moment makes the others wait. So decoding
# waits for the moments in which no model runs, where there is no core to spare.
BACKGROUND = 19


@dataclass(frozen=True)
class InSlot:
    """A decoded picture whose pixels lie in the slot that the task named."""

    shape: tuple[int, ...]
    phash: bytes
    width: int
    height: int
    taken_on: str | None


Answer = InSlot | Refused | Unreadable


def child(pipe: Connection, memory: Shared, limit: int) -> None:
    """Answer every (slot, path, sha256) with what it decoded to, until the parent hangs up.

    `limit`: bytes that decoding may take beside `memory`.
    """
    # The parent decides when to stop: a SIGTERM to the group must not look like a bad picture.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(BACKGROUND)
    limit_memory(limit)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with suppress(EOFError, BrokenPipeError, ConnectionResetError):
        pipe.send("ready")
        while True:
            slot, path, sha256 = pipe.recv()
            decoded = decode_file(path, sha256)
            if isinstance(decoded, DecodedImage):
                memory.fill(slot, decoded.pixels)
                facts = (decoded.phash, decoded.width, decoded.height, decoded.taken_on)
                pipe.send(InSlot(decoded.pixels.shape, *facts))
            else:
                pipe.send(decoded)


def limit_memory(further: int) -> None:
    """Allow `further` bytes of address space beyond what this process has taken so far.

    A child imports its parent's main module, and libraries map what they like: none of that may
    count against a picture.
    """
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + further, taken + further))
