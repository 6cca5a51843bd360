"""Hostile pictures to upright RGB pixels, or a reason why not. Runs in a child process."""

from __future__ import annotations

import hashlib
import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import AvifImagePlugin, Image, UnidentifiedImageError

from embedder.capture_date import capture_date
from embedder.jpeg import decode_plain, shrink, with_its_end
from embedder.orientation import brought_upright, exif_of, orientation_of, swaps_sides
from embedder.phash import image_hash
from embedder.polyglot import is_polyglot
from trainer.staging.image_types import UNSUPPORTED, mime_type

FORMATS = ("JPEG", "PNG", "WEBP", "AVIF")
MAX_PIXELS = 40_000_000
MAX_BYTES = 64 * 1024 * 1024
MIN_SIDE = 40
KEPT_SIDE = 1280  # pixels: a picture twice as long or more is shrunk by a whole number
MAX_SIDE = 2 * KEPT_SIDE - 1  # so no side of what is handed on is longer
REASONS = (
    "empty",
    "too_many_bytes",
    "too_many_pixels",
    "too_small",
    "too_narrow",
    "not_a_picture",
    *UNSUPPORTED.values(),
    "unsupported_avif",
    "polyglot",
    "too_much_memory",
    "truncated",
    "broken",
)
_PAPER = (255, 255, 255)  # what shines through transparent pixels
Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class DecodedImage:
    """`pixels` (height, width, 3) uint8 RGB, upright, perhaps shrunk; `phash` 8 bytes;
    `width` and `height` of the upright picture as it was published; `taken_on` YYYY-MM-DD."""

    pixels: Pixels
    phash: bytes
    width: int
    height: int
    taken_on: str | None


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


Decoded = DecodedImage | Refused | Unreadable


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


def decode_bytes(content: bytes) -> DecodedImage | Refused:
    """Decode a picture's bytes; every way in which it can be bad is a `Refused`."""
    if not content:
        return Refused("empty")
    if len(content) > MAX_BYTES:
        return Refused("too_many_bytes")
    if unsupported := _unsupported(content):
        return Refused(unsupported)
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1  # the children are the threads
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        warnings.simplefilter("ignore", UserWarning)
        found = _opened(content)
        if isinstance(found, Refused) and found.reason == "truncated":
            whole = with_its_end(content)
            found = found if whole is None else _opened(whole)
        return found


def _opened(content: bytes) -> DecodedImage | Refused:
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return _refused(image, content) or _image(image, content)
    except Exception as error:  # decoders raise anything on hostile bytes; the row says what
        return Refused(_reason(error))


def _unsupported(content: bytes) -> str | None:
    """Why a picture of a known kind is not decoded at all."""
    kind = mime_type(content)
    if kind == "image/avif" and not AvifImagePlugin.SUPPORTED:
        return "unsupported_avif"
    return UNSUPPORTED.get(kind or "")


def _refused(image: Image.Image, content: bytes) -> Refused | None:
    """What is to be seen before any pixel is decoded."""
    width, height = image.size
    short, long = sorted((width, height))
    if is_polyglot(content):
        return Refused("polyglot", width, height)
    if short < MIN_SIDE:
        return Refused("too_small", width, height)
    if short * KEPT_SIDE < MIN_SIDE * long:  # shrunk, nothing would be left of its short side
        return Refused("too_narrow", width, height)
    return None


def _reason(error: Exception) -> str:
    if isinstance(error, Image.DecompressionBombWarning | Image.DecompressionBombError):
        return "too_many_pixels"
    if isinstance(error, UnidentifiedImageError):
        return "not_a_picture"
    if isinstance(error, MemoryError):
        return "too_much_memory"
    return "truncated" if "truncated" in str(error).lower() else "broken"


def _image(image: Image.Image, content: bytes) -> DecodedImage:
    """The first frame, turned upright, as 8-bit RGB, its long side at most `MAX_SIDE`."""
    exif = exif_of(image)
    orientation = orientation_of(image)
    width, height = image.size[::-1] if swaps_sides(orientation) else image.size
    shrinking = max(1, max(image.size) // KEPT_SIDE)
    pixels = decode_plain(image, content, shrinking)
    if pixels is None:
        image.seek(0)
        shrink(image, shrinking)
        image.load()
        pixels = np.asarray(to_rgb(image), np.uint8)
    pixels = brought_upright(_reduced(pixels), orientation)
    return DecodedImage(pixels, image_hash(pixels), width, height, capture_date(exif))


def _reduced(pixels: Pixels) -> Pixels:
    """Shrunk by a whole number until no side is longer than `MAX_SIDE`."""
    factor = max(pixels.shape[:2]) // KEPT_SIDE
    if factor < 2:
        return pixels
    return np.asarray(Image.fromarray(pixels).reduce(factor), np.uint8)


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
