"""Ordinary JPEGs the short way: libjpeg-turbo straight into an array, scaled while decoding.

Pillow takes twice as long or more for the same pixels. It stays the judge: what is unusual
(CMYK, other depths) or is refused here, is decoded by it.
"""

from __future__ import annotations

import numpy as np
import simplejpeg
from numpy.typing import NDArray
from PIL import Image, JpegImagePlugin

_BEGINS, _ENDS = b"\xff\xd8\xff", b"\xff\xd9"
_HALVINGS = (8, 4, 2)  # the scales that libjpeg-turbo has fast paths for


def halving(shrinking: int) -> int:
    """The largest of 1, 2, 4, 8 that is not more than `shrinking`."""
    return next((number for number in _HALVINGS if number <= shrinking), 1)


def decode_plain(image: Image.Image, content: bytes, shrinking: int) -> NDArray[np.uint8] | None:
    """(height, width, 3) RGB of an ordinary JPEG; None where Pillow has to look at it.

    `image` is the opened, not yet loaded picture of `content`.
    """
    if not isinstance(image, JpegImagePlugin.JpegImageFile) or image.mode not in ("RGB", "L"):
        return None
    factor = halving(shrinking)
    width, height = (-(-side // factor) for side in image.size)
    try:
        pixels = simplejpeg.decode_jpeg(content, "RGB", min_width=width, min_height=height)
    except ValueError:
        return None
    return pixels if pixels.shape[:2] == (height, width) else None


def with_its_end(content: bytes) -> bytes | None:
    """A JPEG that lacks nothing but its last two bytes (or one of them), with these; else None.

    Whether more is missing is for libjpeg to say: it warns where it runs out of picture.
    """
    if not content.startswith(_BEGINS):
        return None
    whole = content.removesuffix(_ENDS[:1]) + _ENDS
    for colours in ("RGB", "CMYK"):
        try:
            simplejpeg.decode_jpeg(whole, colours, min_width=1, min_height=1)
            return whole
        except ValueError:
            continue
    return None


def shrink(image: Image.Image, shrinking: int) -> None:
    """Let Pillow decode a JPEG at the same scale; other formats have none."""
    factor = halving(shrinking)
    if factor > 1 and isinstance(image, JpegImagePlugin.JpegImageFile):
        width, height = image.size
        image.draft(None, (width // factor, height // factor))
