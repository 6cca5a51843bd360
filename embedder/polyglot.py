"""Files that are a picture and something else as well: nobody publishes those by chance."""

from __future__ import annotations

import io
import re
import zipfile

# One literal byte in front: the search runs at the speed of memory.
_MARKUP = re.compile(
    rb"<(?:[hH][tT][mM][lL]|[sS][cC][rR][iI][pP][tT]|\?[pP][hH][pP]|![dD][oO][cC][tT])"
)
_ARCHIVES = (b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c")
_PDF, _PDF_WITHIN = b"%PDF-", 1024  # readers look for it in the first kilobyte


def is_polyglot(content: bytes) -> bool:
    """Is there a page, a script, an archive or a PDF in the bytes of a picture?

    Other bytes around a picture (a camera's trailer, a second picture, padding) are none of these.
    """
    return (
        _MARKUP.search(content) is not None
        or any(mark in content for mark in _ARCHIVES)
        or _PDF in content[:_PDF_WITHIN]
        or zipfile.is_zipfile(io.BytesIO(content))
    )
