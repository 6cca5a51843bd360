"""The bytes behind `/images/<id>`: the made pictures, or drawn stand-ins where none were made."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from PIL import Image, ImageDraw

from demo import shots
from demo.world.faults import ImageTrouble
from demo.world.people import identifier

STAND_IN_SIZE: Final = (160, 200)
BOMB_SIDE: Final = 10_000  # pixels: 100 megapixels in about 100 kB
HUGE_BYTES: Final = 65 * 1024 * 1024
LAST_MODIFIED: Final = "Mon, 02 Nov 2026 06:00:00 GMT"
PAGE: Final = b"<!doctype html><html><body><h1>Just a moment...</h1></body></html>"


@dataclass(frozen=True)
class WorldImage:
    content: bytes
    content_type: str
    width: int
    height: int

    @property
    def etag(self) -> str:
        """The ETag, a hash of the bytes."""
        return f'"{hashlib.sha256(self.content).hexdigest()[:32]}"'


class Gallery:
    """Every picture that the world serves, by key and by image id."""

    def __init__(self, images: Path | None) -> None:
        self._directory = images
        self._described = _read(images) if images else {}
        self.keys: Final = shots.world_keys()
        self._small: dict[tuple[str, int], WorldImage] = {}

    def key_of(self, image_id: str) -> str | None:
        """The key of a picture by the id that stashdb gives it."""
        return next((key for key in self.keys if identifier("image", key) == image_id), None)

    def size(self, key: str) -> tuple[int, int]:
        """Width and height in pixels, as the server's database has them."""
        if self._directory is None:
            return STAND_IN_SIZE
        entry = self._described[key]
        return entry["width"], entry["height"]

    def image(self, key: str) -> WorldImage:
        """Return a picture in full size; a drawing where none were made."""
        if self._directory is None:
            return stand_in(key)
        entry = self._described[key]
        content = (self._directory / entry["file"]).read_bytes()
        return WorldImage(content, entry["content_type"], entry["width"], entry["height"])

    def small(self, key: str, width: int) -> WorldImage:
        """A version of `width` pixels at most, made once; a smaller original stays as it is."""
        if (key, width) not in self._small:
            self._small[key, width] = _scaled(self.image(key), width)
        return self._small[key, width]


def _scaled(whole: WorldImage, width: int) -> WorldImage:
    if whole.width <= width:
        return whole
    height = max(round(whole.height * width / whole.width), 1)
    with Image.open(io.BytesIO(whole.content)) as image:
        small = image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS)
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=85)
    return WorldImage(stream.getvalue(), "image/jpeg", width, height)


def _read(directory: Path) -> dict[str, Any]:
    path = directory / "pictures.json"
    if not path.exists():
        raise SystemExit(f"{path} is missing: make the pictures first (python -m demo.make_images)")
    entries = json.loads(path.read_text(encoding="utf-8"))["pictures"]
    described = {entry["id"]: entry for entry in entries if not entry["held_out"]}
    missing = sorted(set(shots.world_keys()) - set(described))
    if missing:
        raise SystemExit(f"{path}: pictures {missing[:5]} are missing: make them again")
    return described


@cache
def stand_in(key: str) -> WorldImage:
    """A small drawing of its own for every key: for tests that need bytes, but no faces."""
    seed = hashlib.sha256(key.encode()).digest()
    image = Image.new("RGB", STAND_IN_SIZE, tuple(seed[:3]))
    draw = ImageDraw.Draw(image)
    for number in range(8):
        left, top, colour = seed[3 * number] % 120, seed[3 * number + 1] % 160, seed[3 * number + 2]
        draw.rectangle((left, top, left + 36, top + 36), fill=(colour, 255 - colour, left * 2))
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=85)
    return WorldImage(stream.getvalue(), "image/jpeg", *STAND_IN_SIZE)


@cache
def bomb() -> bytes:
    """A valid PNG of 100 megapixels that is small because it is all one colour."""
    header = BOMB_SIDE.to_bytes(4, "big") * 2 + bytes((8, 0, 0, 0, 0))  # 8-bit greyscale
    packer = zlib.compressobj(9)
    row = bytes(BOMB_SIDE + 1)
    rows = b"".join(packer.compress(row) for _ in range(BOMB_SIDE)) + packer.flush()
    chunks = (("IHDR", header), ("IDAT", rows), ("IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name.encode(), data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    check = zlib.crc32(name + data).to_bytes(4, "big")
    return len(data).to_bytes(4, "big") + name + data + check


def _whole(image: WorldImage) -> tuple[int, bytes, str]:
    return 200, image.content, image.content_type


TROUBLED: Final[dict[ImageTrouble, Callable[[WorldImage], tuple[int, bytes, str]]]] = {
    "html": lambda _: (200, PAGE, "text/html; charset=utf-8"),
    "disguised": lambda _: (200, PAGE, "image/jpeg"),
    "truncated": lambda p: (200, p.content[: len(p.content) // 2], p.content_type),
    "cut_off": _whole,  # the server closes the connection half way
    "empty": lambda p: (200, b"", p.content_type),
    "bomb": lambda _: (200, bomb(), "image/png"),
    "huge": lambda p: (200, p.content + bytes(HUGE_BYTES), p.content_type),
    "missing": lambda _: (404, b"not found", "text/plain"),
    "gone": lambda _: (410, b"gone", "text/plain"),
    "moved": lambda _: (302, b"", "text/plain"),
}
