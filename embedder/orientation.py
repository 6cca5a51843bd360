"""Which way up a picture's file says that its pixels are to be shown, as viewers read it.

- JPEG and WebP: the orientation in the file's EXIF block; PNG: that in its eXIf chunk.
- AVIF: the turn and mirror of the container (irot, imir), which Pillow hands on as an EXIF
  orientation and does not apply itself. What the EXIF block inside says does not count.
- XMP never turns a picture, nor does an EXIF block in a PNG's text: viewers do not look there, and
  who writes them has mostly turned the pixels already.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

UPRIGHT: Final = 1
_TAG = 0x0112
_TURNS: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def exif_of(image: Image.Image) -> Image.Exif:
    """All that Pillow finds, wherever it lies; an empty block for a broken one."""
    try:
        return image.getexif()
    except Exception:  # any bytes may lie there
        return Image.Exif()


def orientation_of(image: Image.Image) -> int:
    """1 to 8, of the EXIF block alone; a number that is none leaves the picture as it is."""
    exif_of(image)  # reads on: in a PNG the block may lie behind the pixels
    block = Image.Exif()
    try:
        block.load(image.info.get("exif") or b"")
        value = block.get(_TAG, UPRIGHT)
        return value if value in _TURNS else UPRIGHT
    except Exception:  # any bytes may lie there
        return UPRIGHT


def swaps_sides(orientation: int) -> bool:
    """Does an EXIF orientation exchange width and height?"""
    return orientation >= 5


def brought_upright(pixels: NDArray[np.uint8], orientation: int) -> NDArray[np.uint8]:
    """Return an image, (height, width, 3), turned and mirrored as its EXIF orientation says."""
    if orientation == UPRIGHT:
        return pixels
    return np.asarray(Image.fromarray(pixels).transpose(_TURNS[orientation]), np.uint8)
