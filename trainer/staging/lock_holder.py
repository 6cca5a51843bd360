"""Who holds a lock: a line in the lock's file, for the sentence that whoever comes second reads.

It is for people only: the kernel holds the lock, and frees it however its holder dies.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

from trainer.staging.clock import iso, now

_LONGEST = 300  # bytes


def note_holder(handle: int) -> None:
    """Write this process into the file of a lock that was just taken."""
    line = f"{_what()}, process {os.getpid()} on {socket.gethostname()}, since {iso(now())}\n"
    content = line.encode("utf-8", "replace")[:_LONGEST]
    os.ftruncate(handle, 0)
    os.pwrite(handle, content, 0)


def holder(handle: int) -> str:
    """Return who took the lock last, in brackets; nothing where the file does not say."""
    text = os.pread(handle, _LONGEST, 0).decode("utf-8", "replace").strip()
    readable = "".join(sign for sign in text if sign.isprintable())
    return f" ({readable})" if readable else ""


def _what() -> str:
    """The command, without its options: they may hold anything."""
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    if program == "__main__.py":
        program = Path(sys.argv[0]).parent.name
    words = [word for word in sys.argv[1:3] if word.isidentifier()]
    return " ".join([program, *words])
