"""A member of a zip without a clock in its bytes."""

from __future__ import annotations

import zipfile

EPOCH = (1980, 1, 1, 0, 0, 0)  # the zip format's first moment


def entry_of(name: str, *, packed: bool) -> zipfile.ZipInfo:
    """Return the header of a zip member with a fixed time and mode, compressed if `packed`."""
    entry = zipfile.ZipInfo(name, date_time=EPOCH)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED
    return entry


def put(archive: zipfile.ZipFile, name: str, content: bytes, *, packed: bool) -> None:
    """Add a member to a zip; the same content gives the same bytes."""
    archive.writestr(entry_of(name, packed=packed), content)
