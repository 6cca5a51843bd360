"""Odd and hostile pictures, made of invented pixels: what the decoder has to take or refuse."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

SIZE = (160, 96)
CORNERS = {  # colour of each corner of the upright scene
    "top left": (200, 30, 30),
    "top right": (30, 200, 30),
    "bottom left": (30, 30, 200),
    "bottom right": (200, 200, 30),
}
TURNED = {  # how a camera stores the upright scene for each EXIF orientation
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
ORIENTATION = 0x0112


def scene(size: tuple[int, int] = SIZE) -> Image.Image:
    """Four plain quarters, so that every turn and mirror is another picture."""
    width, height = size
    image = Image.new("RGB", size)
    for index, colour in enumerate(CORNERS.values()):
        x, y = index % 2 * (width // 2), index // 2 * (height // 2)
        image.paste(colour, (x, y, x + width // 2, y + height // 2))
    return image


def saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_orientation(number: int, kind: str) -> bytes:
    """The upright scene as a camera would store it, with the tag that says so."""
    turn = TURNED[number]
    stored = scene() if turn is None else scene().transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = number
    return saved(stored, kind, exif=exif, **({} if kind == "PNG" else {"quality": 95}))


def segment(marker: int, body: bytes) -> bytes:
    """One JPEG segment."""
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_with(extra: bytes) -> bytes:
    """The scene as a JPEG with `extra` right after its first marker."""
    plain = saved(scene(), "JPEG", quality=95)
    return plain[:2] + extra + plain[2:]


def chunk(kind: bytes, data: bytes, crc: int | None = None) -> bytes:
    """One PNG chunk."""
    found = zlib.crc32(kind + data) if crc is None else crc
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", found)


def png(width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes) -> bytes:
    """A PNG by hand; `rows` with their filter bytes, `extra` chunks before them."""
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    body = b"".join(extra) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + body


def deep_rgb() -> bytes:
    """The scene with 16 bits a colour."""
    pixels = np.asarray(scene()).astype(">u2") * 257
    rows = b"".join(b"\0" + row.tobytes() for row in pixels)
    return png(*SIZE, 16, 2, rows)


def grey_png(depth: int) -> bytes:
    """White left half, black right half, with `depth` bits a pixel."""
    width, height = 64, 48
    ones = b"\xff" * (width * depth // 16)
    row = b"\0" + ones + bytes(len(ones))
    return png(width, height, depth, 0, row * height)


def icc_bomb() -> bytes:
    """100 MB of zeros in 100 KB of colour profile."""
    bomb = b"name\0\0" + zlib.compress(bytes(100_000_000), 9)
    rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(scene()))
    return png(*SIZE, 8, 2, rows, chunk(b"iCCP", bomb))


def text_bomb() -> bytes:
    """The same in a text chunk."""
    bomb = b"Comment\0\0" + zlib.compress(bytes(100_000_000), 9)
    rows = b"".join(b"\0" + row.tobytes() for row in np.asarray(scene()))
    return png(*SIZE, 8, 2, rows, chunk(b"zTXt", bomb))


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("readme.txt", "hello")
    return buffer.getvalue()


def animated(kind: str) -> bytes:
    """The scene, then a plain green frame."""
    green = Image.new("RGB", SIZE, (0, 255, 0))
    return saved(scene(), kind, save_all=True, append_images=[green], lossless=True)


def info() -> PngInfo:
    made = PngInfo()
    made.add_text("Comment", "<x:xmpmeta xmlns:x='adobe:ns:meta/'/>")
    return made


BROKEN_EXIF = segment(0xE1, b"Exif\0\0MM\0*\xff\xff\xff\xff" + bytes(40))
STRAY_EXIF = segment(0xE1, b"Exif\0\0" + b"\x00" * 7)
JPEG = saved(scene(), "JPEG", quality=95)
WEBP = saved(scene(), "WEBP", quality=95)
# What shows the scene, whatever is around it.
GOOD = {
    **{f"jpeg turned {n}": with_orientation(n, "JPEG") for n in TURNED},
    **{f"png turned {n}": with_orientation(n, "PNG") for n in TURNED},
    **{f"webp turned {n}": with_orientation(n, "WEBP") for n in TURNED},
    "broken exif": jpeg_with(BROKEN_EXIF),
    "exif cut short": jpeg_with(STRAY_EXIF),
    "cmyk": saved(scene().convert("CMYK"), "JPEG", quality=95),
    "progressive": saved(scene(), "JPEG", quality=95, progressive=True),
    "restart markers": saved(scene(), "JPEG", quality=95, restart_marker_blocks=2),
    "4:4:4": saved(scene(), "JPEG", quality=95, subsampling=0),
    "4:1:1": saved(scene(), "JPEG", quality=95, subsampling="4:1:1"),
    "icc profile": saved(scene(), "JPEG", quality=95, icc_profile=bytes(3_000)),
    "a comment": jpeg_with(segment(0xFE, b"made with <3, 100% pure & simple")),
    "bytes before a marker": jpeg_with(b"\xff\xff\xff"),
    "garbage after the end": JPEG + bytes(range(256)) * 20,
    "two pictures in one": saved(
        scene(), "MPO", save_all=True, append_images=[scene()], quality=95
    ),
    "16 bits a colour": deep_rgb(),
    "palette": saved(scene().quantize(8), "PNG"),
    "alpha, opaque": saved(scene().convert("RGBA"), "PNG"),
    "png with text": saved(scene(), "PNG", pnginfo=info()),
    "animated png": animated("PNG"),
    "animated webp": animated("WEBP"),
    "webp lossy": saved(scene(), "WEBP", quality=95),
}
BOMB = png(9000, 9000, 8, 0, bytes(9001 * 9000))
REFUSED = {
    "nothing": (b"", "empty"),
    "only a header": (JPEG[:30], "truncated"),
    "svg": (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "not_a_picture"),
    "svg of entities": (
        b'<!DOCTYPE s [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><svg>&b;</svg>',
        "not_a_picture",
    ),
    "html": (b"<!doctype html><title>404</title>" * 9, "not_a_picture"),
    "pdf": (b"%PDF-1.7\n1 0 obj<<>>endobj", "not_a_picture"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n", "not_a_picture"),
    "photoshop": (b"8BPS\0\x01" + bytes(60), "not_a_picture"),
    "avif": (b"\0\0\0\x20ftypavif" + bytes(60), "not_a_picture"),
    "heic": (b"\0\0\0\x20ftypheic" + bytes(60), "unsupported_heic"),
    "zip": (zipped(), "not_a_picture"),
    **{kind: (saved(scene(), kind.upper()), "not_a_picture") for kind in ("gif", "bmp", "tiff")},
    "ico": (saved(scene().resize((64, 64)), "ICO"), "not_a_picture"),
    "jpeg under a png's name": (b"\x89PNG\r\n\x1a\n" + JPEG, "not_a_picture"),
    "gif that goes on as a jpeg": (b"GIF89a" + JPEG, "not_a_picture"),
    "jpeg and html": (jpeg_with(segment(0xFE, b"<HTML><body>hello</body>")), "polyglot"),
    "jpeg and script": (jpeg_with(segment(0xFE, b"*/=1;<script>alert(1)</script>")), "polyglot"),
    "jpeg and php": (JPEG + b"<?php system($_GET[0]); ?>", "polyglot"),
    "jpeg and zip": (JPEG + zipped(), "polyglot"),
    "jpeg and rar": (JPEG + b"Rar!\x1a\x07\0" + bytes(50), "polyglot"),
    "jpeg and pdf": (jpeg_with(segment(0xFE, b"%PDF-1.4 1 0 obj<<>>endobj")), "polyglot"),
    "png and zip": (saved(scene(), "PNG") + zipped(), "polyglot"),
    "half of a jpeg": (JPEG[: len(JPEG) // 2], "truncated"),
    "half of a webp": (WEBP[: len(WEBP) // 2], "broken"),
    "bomb": (BOMB, "too_many_pixels"),
    "one pixel too many": (png(8_000, 5_001, 8, 0, bytes(8_001 * 5_001)), "too_many_pixels"),
    "colour profile that explodes": (icc_bomb(), "broken"),
    "text that explodes": (text_bomb(), "broken"),
    "no width": (png(0, 50, 8, 0, bytes(50)), "not_a_picture"),
    "a line": (saved(Image.new("RGB", (1, 30_000)), "PNG"), "too_small"),
    "a strip": (saved(Image.new("RGB", (30_000, 60)), "PNG"), "too_narrow"),
}
