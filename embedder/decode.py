"""Hostile pictures to upright RGB pixels, or a reason why not. Runs in a child process."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from embedder.phash import picture_hash

FORMATS = ("JPEG", "PNG", "WEBP")
MAX_PIXELS = 40_000_000
MAX_BYTES = 64 * 1024 * 1024
MIN_SIDE = 40
_PAPER = (255, 255, 255)  # what shines through transparent pixels


@dataclass(frozen=True)
class Picture:
    """`pixels` (height, width, 3) uint8 RGB, upright; `phash` 8 bytes."""

    pixels: NDArray[np.uint8]
    phash: bytes


@dataclass(frozen=True)
class Refused:
    """The picture's own fault; it is not tried again."""

    reason: str
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True)
class Unreadable:
    """The file's fault (missing, or other bytes than its name says); nothing is remembered."""

    kind: str
    message: str


Decoded = Picture | Refused | Unreadable


def decode_file(path: Path, sha256: str) -> Decoded:
    """Decode the file of a picture whose bytes must hash to `sha256`."""
    try:
        content = path.read_bytes()
    except OSError as error:
        return Unreadable("image_missing", f"{path}: {error.strerror}; fetch it again")
    if hashlib.sha256(content).hexdigest() != sha256:
        message = f"{path}: its bytes are not those of its name; delete it and fetch it again"
        return Unreadable("image_changed", message)
    return decode_bytes(content)


def decode_bytes(content: bytes) -> Picture | Refused:
    """Decode a picture's bytes; every way in which it can be bad is a `Refused`."""
    if not content:
        return Refused("empty")
    if len(content) > MAX_BYTES:
        return Refused("too_many_bytes")
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        try:
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                small = min(image.size) < MIN_SIDE
                return Refused("too_small", *image.size) if small else _picture(image)
        except Exception as error:  # decoders raise anything on hostile bytes; the row says what
            return Refused(_reason(error))


def _reason(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return "too_many_pixels"
    if isinstance(error, UnidentifiedImageError):
        return "not_a_picture"
    if isinstance(error, MemoryError):
        return "too_much_memory"
    return "truncated" if "truncated" in str(error).lower() else "broken"


def _picture(image: Image.Image) -> Picture:
    """The first frame, turned upright, as 8-bit RGB."""
    image.seek(0)
    image.load()
    upright = ImageOps.exif_transpose(image)
    rgb = to_rgb(upright)
    return Picture(np.asarray(rgb, np.uint8), picture_hash(rgb))


def to_rgb(image: Image.Image) -> Image.Image:
    """8-bit RGB of any mode: 16-bit greys are scaled, transparency is laid on white."""
    if image.mode.startswith("I"):
        grey = np.asarray(image).astype(np.int64)
        return Image.fromarray(np.clip(grey >> 8, 0, 255).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, (*_PAPER, 255))
        return Image.alpha_composite(paper, layer).convert("RGB")
    return image.convert("RGB")
