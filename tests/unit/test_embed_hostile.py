"""The corpus of odd and hostile pictures, and random damage, through the decoder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from embedder.decode import (
    MAX_BYTES,
    REASONS,
    DecodedImage,
    Refused,
    Unreadable,
    decode_bytes,
    decode_file,
)
from tests.hostile_images import CORNERS, GOOD, JPEG, REFUSED, SIZE, grey_png, saved, scene

SEEDS = (JPEG, saved(scene(), "PNG"), saved(scene(), "WEBP", quality=80))


def corners(pixels: np.ndarray) -> list[np.ndarray]:
    height, width = pixels.shape[:2]
    return [pixels[y, x] for y in (height // 5, -height // 5) for x in (width // 5, -width // 5)]


@pytest.mark.parametrize("name", GOOD)
def test_the_scene_is_seen_upright(name: str) -> None:
    decoded = decode_bytes(GOOD[name])
    assert isinstance(decoded, DecodedImage), decoded
    assert (decoded.width, decoded.height) == SIZE
    assert decoded.pixels.shape == (*SIZE[::-1], 3) and decoded.pixels.dtype == np.uint8
    for seen, colour in zip(corners(decoded.pixels), CORNERS.values(), strict=True):
        assert np.abs(seen.astype(int) - colour).max() < 40, (seen, colour)


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_reason(name: str) -> None:
    content, reason = REFUSED[name]
    decoded = decode_bytes(content)
    assert isinstance(decoded, Refused), name
    assert decoded.reason == reason
    assert reason in REASONS


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
def test_greys_of_every_depth(depth: int) -> None:
    decoded = decode_bytes(grey_png(depth))
    assert isinstance(decoded, DecodedImage)
    assert decoded.pixels[20, 10].tolist() == [255, 255, 255]
    assert decoded.pixels[20, 50].tolist() == [0, 0, 0]


def test_a_file_of_too_many_bytes_is_not_even_opened() -> None:
    assert decode_bytes(JPEG + bytes(MAX_BYTES)) == Refused("too_many_bytes")


def test_what_is_no_file_is_an_error_and_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for name in ("folder", "loop", "absent"):
        decoded = decode_file(tmp_path / name, "0" * 64)
        assert isinstance(decoded, Unreadable) and decoded.kind == "image_missing"


@settings(max_examples=150, deadline=None)
@given(
    seed=st.sampled_from(SEEDS),
    flips=st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), max_size=12),
    cut=st.integers(0, 400),
    splice=st.binary(max_size=40),
    at=st.integers(0, 10_000),
)
def test_random_damage_gives_a_picture_or_a_reason(
    seed: bytes, flips: list[tuple[int, int]], cut: int, splice: bytes, at: int
) -> None:
    content = bytearray(seed)
    for place, value in flips:
        content[place % len(content)] = value
    at %= len(content)
    damaged = bytes(content[:at] + splice + content[at:])
    decoded = decode_bytes(damaged[: len(damaged) - cut])
    if isinstance(decoded, Refused):
        assert decoded.reason in REASONS
    else:
        assert decoded.pixels.ndim == 3 and len(decoded.phash) == 8
