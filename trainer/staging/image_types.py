"""What kind of picture some bytes are, by their first ones, whatever their name says."""

from __future__ import annotations

from typing import Final

# What is fetched, kept and decoded.
READ: Final = frozenset({"image/jpeg", "image/png", "image/webp", "image/avif"})
# Told apart to be refused by name; nothing here decodes them.
UNSUPPORTED: Final = {"image/heic": "unsupported_heic", "image/jxl": "unsupported_jxl"}
_JXL = (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")  # a bare codestream, and one in a box
_HEVC = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_AV1 = frozenset({b"avif", b"avis"})
_LONGEST_FTYP = 256


def mime_type(content: bytes) -> str | None:
    """The MIME type; None for what is none of `READ` and `UNSUPPORTED`."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content.startswith(_JXL):
        return "image/jxl"
    return _boxed_type(content)


def _boxed_type(content: bytes) -> str | None:
    """AVIF and HEIC are the same container; which codec it is for, its brands say."""
    if content[4:8] != b"ftyp":
        return None
    end = min(int.from_bytes(content[:4], "big"), _LONGEST_FTYP)
    # Between the major brand and the others lies a version.
    brands = {content[8:12], *(content[at : at + 4] for at in range(16, end - 3, 4))}
    if brands & _AV1:
        return "image/avif"
    return "image/heic" if brands & _HEVC else None
