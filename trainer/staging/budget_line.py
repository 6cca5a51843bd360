"""The line of a budget's file: a boot of the machine, two moments of its clock, and a checksum."""

from __future__ import annotations

import zlib


def line_of(content: str) -> bytes:
    """Return the line of a budget's file."""
    return f"{content} {zlib.crc32(content.encode('ascii')):08x}\n".encode("ascii")


def read_line(text: str) -> tuple[str, float, float]:
    """Return boot and both moments (seconds: free from, held until); raises `ValueError` for a
    line that was not written so."""
    content, _, _ = text.rstrip("\n").rpartition(" ")
    if line_of(content).decode("ascii") != text:
        raise ValueError("changed since it was written")
    boot, free, held = content.split()
    return boot, float(free), float(held)
