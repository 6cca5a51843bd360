"""A checksum of a Parquet file's footer, just before it: page checksums leave the footer out.

The footer holds the columns' names and types, where each page lies, and our notes. Readers find it
from the end of the file, and never look at the bytes before it.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from trainer.errors import DamagedFileError

_MARK = b"stash-sense-footer-sha256:"
_DIGEST = hashlib.sha256().digest_size
_TAIL = 8  # the footer's length and the format's signature


def seal_footer(path: Path) -> None:
    """Put the checksum into a file that was just written."""
    with path.open("r+b") as file:
        seal_in(file)


def seal_in(file: BinaryIO) -> None:
    """Put the checksum into an open file, or into what lies in memory."""
    footer = _footer(file)
    file.seek(-len(footer), 2)
    file.write(_MARK + hashlib.sha256(footer).digest() + footer)


def check_footer(path: Path) -> None:
    """Raise `DamagedFileError` where the footer is not as it was written. Files of an older trainer
    have no checksum; what is no Parquet file is for the reader to say."""
    with path.open("rb") as file:
        footer = _footer(file)
        before = len(_MARK) + _DIGEST
        if not footer or file.seek(0, 2) < len(footer) + before:
            return
        file.seek(-len(footer) - before, 2)
        mark, digest = file.read(len(_MARK)), file.read(_DIGEST)
    if mark == _MARK and digest != hashlib.sha256(footer).digest():
        raise DamagedFileError(
            f"{path}: its footer is not as it was written; delete this part and run again"
        )


def _footer(file: BinaryIO) -> bytes:
    """The footer with its tail; nothing where the file is too short for it."""
    size = file.seek(0, 2)
    if size < _TAIL:
        return b""
    file.seek(-_TAIL, 2)
    length = int.from_bytes(file.read(4), "little") + _TAIL
    if length > size:
        return b""
    file.seek(-length, 2)
    return file.read()
