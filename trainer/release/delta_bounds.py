"""How large the members of a delta package may be: one of a few megabytes must not fill memory."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

MOST_PACKED = 256 * 1024 * 1024  # bytes of one compressed member, once unpacked
MOST_RATIO = 40  # JSON of performers packs about ten times
_SMALL = 1024 * 1024  # of so few bytes any ratio will do


def read_member(archive: zipfile.ZipFile, name: str) -> bytes:
    """Return the bytes of a member; raises `ValueError` for one that unpacks to too much."""
    entry = archive.getinfo(name)
    size, packed = entry.file_size, entry.compress_size
    if entry.compress_type == zipfile.ZIP_STORED:
        if size != packed:
            raise ValueError(f"{name} is stored with two sizes")
    elif size > MOST_PACKED or size > max(_SMALL, packed * MOST_RATIO):
        raise ValueError(f"{name} unpacks {packed} bytes to {size}, more than a delta has")
    return archive.read(entry)


def read_array(
    archive: zipfile.ZipFile, name: str, dtype: npt.DTypeLike, shape: Sequence[int | None]
) -> npt.NDArray[Any]:
    """Return an .npy member of `dtype` and `shape` (None: any length); raises `ValueError`.

    Its header is checked against its bytes before memory is taken for it.
    """
    content = read_member(archive, name)
    stream = io.BytesIO(content)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError(f"{name} is of another version of numpy's format")
    found, fortran, stated = np.lib.format.read_array_header_1_0(stream)
    fits = len(found) == len(shape) and all(
        have == want or want is None for have, want in zip(found, shape, strict=True)
    )
    count = 1
    for length in found:
        count *= length
    size = count * np.dtype(dtype).itemsize
    if not fits or fortran or stated != np.dtype(dtype) or size != len(content) - stream.tell():
        raise ValueError(f"{name} holds other numbers than a delta has")
    return np.frombuffer(content, dtype, count, stream.tell()).reshape(found)
