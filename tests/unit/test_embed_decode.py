"""Hostile and odd pictures: refused with a reason, or decoded to the right pixels."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, features

from embedder.decode import DecodedImage, Refused, Unreadable, decode_bytes, decode_file
from embedder.decode_pool import DecodePool
from embedder.phash import image_hash


def _bytes(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _scene(width: int = 120, height: int = 80) -> Image.Image:
    """A smooth picture, red in its left half, blue in its right half."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 220
    pixels[:, width // 2 :, 2] = 220
    return Image.fromarray(pixels)


def _bomb() -> bytes:
    """A small PNG of 9000 x 9000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", 9000, 9000, 8, 0, 0, 0, 0)
    lines = zlib.compress(bytes(9001 * 9000), 9)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")
    )


JPEG = _bytes(Image.effect_noise((200, 160), 60).convert("RGB"), "JPEG")
REFUSALS = {
    "zero bytes": (b"", "empty"),
    "html": (b"<!doctype html><title>404</title>" * 20, "not_a_picture"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not_a_picture"),
    "gif": (_bytes(_scene(), "GIF"), "not_a_picture"),
    "bmp": (_bytes(_scene(), "BMP"), "not_a_picture"),
    "truncated jpeg": (JPEG[: len(JPEG) // 2], "truncated"),
    "truncated png": (_bytes(Image.effect_noise((200, 160), 60))[:9000], "truncated"),
    "bomb": (_bomb(), "too_many_pixels"),
    "too small": (_bytes(_scene(39, 300)), "too_small"),
    "jpeg head on noise": (JPEG[:20] + bytes(range(256)) * 4, "not_a_picture"),
}


_KINDS = {
    "plain": JPEG,
    "grey": _bytes(Image.effect_noise((200, 160), 60), "JPEG"),
    "CMYK": _bytes(Image.effect_noise((200, 160), 60).convert("CMYK"), "JPEG"),
}


@pytest.mark.parametrize("name", _KINDS)
def test_a_jpeg_that_lacks_its_end_only_is_whole_and_one_that_lacks_more_is_cut(name: str) -> None:
    content = _KINDS[name]
    for missing in (1, 2):
        assert (_decoded(content[:-missing]) == _decoded(content)).all()
    for missing in (3, 10, len(content) // 2):
        decoded = decode_bytes(content[:-missing])
        assert isinstance(decoded, Refused) and decoded.reason == "truncated"


@pytest.mark.parametrize("name", REFUSALS)
def test_refused_with_a_reason(name: str) -> None:
    content, reason = REFUSALS[name]
    decoded = decode_bytes(content)
    assert isinstance(decoded, Refused)
    assert decoded.reason == reason


def _decoded(content: bytes) -> np.ndarray:
    decoded = decode_bytes(content)
    assert isinstance(decoded, DecodedImage), decoded
    assert decoded.pixels.dtype == np.uint8 and decoded.pixels.shape[2] == 3
    assert len(decoded.phash) == 8
    return decoded.pixels


def _is_scene(pixels: np.ndarray) -> None:
    height, width = pixels.shape[:2]
    left, right = pixels[height // 2, width // 4], pixels[height // 2, 3 * width // 4]
    assert left[0] > 150 and left[2] < 90, left
    assert right[2] > 110 and right[0] < 90, right


def test_exif_orientation_is_applied() -> None:
    turned = _scene().transpose(Image.Transpose.ROTATE_90)  # what a camera stores for tag 6
    exif = Image.Exif()
    exif[0x0112] = 6
    pixels = _decoded(_bytes(turned, "JPEG", exif=exif, quality=95))
    assert pixels.shape == (80, 120, 3)
    _is_scene(pixels)


def test_cmyk_progressive_palette_and_webp() -> None:
    _is_scene(_decoded(_bytes(_scene().convert("CMYK"), "JPEG", quality=95)))
    _is_scene(_decoded(_bytes(_scene(), "JPEG", progressive=True, quality=95)))
    _is_scene(_decoded(_bytes(_scene().convert("P", palette=Image.Palette.ADAPTIVE))))
    assert features.check("webp")
    _is_scene(_decoded(_bytes(_scene(), "WEBP", lossless=True)))


def test_sixteen_bit_grey_is_scaled_not_clipped() -> None:
    ramp = np.tile(np.linspace(0, 65535, 256).astype(np.uint16), (64, 1))
    pixels = _decoded(_bytes(Image.fromarray(ramp)))
    assert abs(int(pixels[10, 128, 0]) - 128) <= 1
    assert int(pixels[10, 64, 1]) in (63, 64, 65)


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA"])
def test_transparency_lies_on_white(mode: str) -> None:
    clear = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    clear.paste((10, 20, 30, 255), (0, 0, 32, 64))
    image = clear.convert(mode)
    pixels = _decoded(_bytes(image))
    assert pixels[10, 60].tolist() == [255, 255, 255]
    assert pixels[10, 10].max() < 60


def test_animated_webp_gives_its_first_frame() -> None:
    frames = [_scene(), Image.new("RGB", (120, 80), (0, 255, 0))]
    _is_scene(
        _decoded(_bytes(frames[0], "WEBP", save_all=True, append_images=frames[1:], lossless=True))
    )


def test_perceptual_hash_tells_near_from_far() -> None:
    rng = np.random.default_rng(5)
    image = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize((300, 300), 3)
    other = Image.fromarray(rng.integers(0, 256, (6, 6, 3), np.uint8)).resize((300, 300), 3)

    def bits(image: Image.Image, **options: object) -> int:
        decoded = decode_bytes(_bytes(image, "JPEG", **options))
        assert isinstance(decoded, DecodedImage)
        return int.from_bytes(decoded.phash)

    same = bits(image, quality=95) ^ bits(image.resize((150, 150)), quality=50)
    assert same.bit_count() <= 6
    assert (bits(image) ^ bits(other)).bit_count() >= 16


def test_the_hash_of_one_colour_is_no_noise() -> None:
    assert image_hash(np.full((200, 300, 3), (90, 120, 140), np.uint8)) == bytes(8)


def _store(directory: Path, content: bytes) -> tuple[Path, str]:
    digest = hashlib.sha256(content).hexdigest()
    path = directory / digest
    path.write_bytes(content)
    return path, digest


def test_missing_and_changed_files_are_errors_not_rows(tmp_path: Path) -> None:
    path, digest = _store(tmp_path, JPEG)
    assert isinstance(decode_file(path, digest), DecodedImage)
    path.write_bytes(JPEG + b"x")
    changed = decode_file(path, digest)
    missing = decode_file(tmp_path / "none", digest)
    assert isinstance(changed, Unreadable) and changed.kind == "image_changed"
    assert isinstance(missing, Unreadable) and missing.kind == "image_missing"


def test_pool_keeps_order_and_survives_memory_and_time_limits(tmp_path: Path) -> None:
    good = [_store(tmp_path, _bytes(_scene(100 + n, 80))) for n in range(5)]
    large = _store(tmp_path, _bytes(Image.new("RGB", (6200, 6200))))
    with DecodePool(2, memory_bytes=160 * 1024 * 1024) as pool:
        got = list(pool.decode([*good[:3], large, *good[3:]]))
    widths = [item.pixels.shape[1] for item in got if isinstance(item, DecodedImage)]
    assert widths == [100, 101, 102, 103, 104]
    assert isinstance(got[3], Refused) and got[3].reason in ("too_much_memory", "decoder_crashed")


@pytest.mark.parametrize(("wanted_mb", "fits"), [(50, True), (200, False)])
def test_only_what_decoding_itself_takes_counts_against_its_memory(
    wanted_mb: int, fits: bool
) -> None:
    """Whatever a child has imported before: it is given its parent's main module to import."""
    script = (
        "from embedder.decode_child import limit_memory\n"
        "imported = bytearray(300 * 2**20)\n"
        "limit_memory(100 * 2**20)\n"
        f"picture = bytearray({wanted_mb} * 2**20)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == fits
    assert fits or "MemoryError" in done.stderr


def test_pool_gives_up_on_a_decoder_that_hangs(tmp_path: Path) -> None:
    import os

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)  # reading it blocks for ever
    good = _store(tmp_path, JPEG)
    with DecodePool(1, seconds=0.1) as pool:
        got = list(pool.decode([(pipe, "0" * 64), good]))
    assert isinstance(got[0], Refused) and got[0].reason == "decoder_timeout"
    assert isinstance(got[1], DecodedImage)


def test_a_disk_that_hangs_is_no_fault_of_the_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import os

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    good = _store(tmp_path, JPEG)
    with DecodePool(1, seconds=0.1) as pool:
        monkeypatch.setattr(type(pool._workers[0]), "_waits_for_disk", lambda _: True)
        got = list(pool.decode([(pipe, "0" * 64), good]))
    assert isinstance(got[0], Unreadable) and str(pipe) in got[0].message
    assert isinstance(got[1], DecodedImage)


def test_a_picture_that_takes_too_much_of_a_core_is_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time is counted in the child's own work, so a busy machine refuses no good picture."""
    import os

    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    used = iter(range(100))
    with DecodePool(1, seconds=3.0) as pool:
        monkeypatch.setattr(type(pool._workers[0]), "_core_seconds", lambda _: float(next(used)))
        got = list(pool.decode([(pipe, "0" * 64)]))
    assert got == [Refused("decoder_timeout")]
    assert next(used) >= 8  # both tries, three seconds of a core each


def test_the_core_seconds_are_those_of_the_child(tmp_path: Path) -> None:
    good = _store(tmp_path, JPEG)
    with DecodePool(1) as pool:
        assert isinstance(next(pool.decode([good])), DecodedImage)
        assert 0 < pool._workers[0]._core_seconds() < 60
