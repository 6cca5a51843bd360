"""Degraded copies of a face: each kind spoils what it says, the same way each time."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from embedder.degrade import (
    ANGLE,
    COVERED,
    FACE_SIDE,
    MIN_SIDE,
    SMALL_SIDE,
    View,
    degraded,
    surroundings,
)
from trainer.embedding.scene_queries import KINDS

SHAS = [hashlib.sha256(bytes([number])).hexdigest() for number in range(40)]
BOX = np.array([300, 200, 120, 160], np.float32)


def image(height: int = 600, width: int = 800) -> np.ndarray:
    """Fine detail everywhere, one half brighter than the other."""
    noise = np.random.default_rng(1).integers(0, 120, (height, width, 3))
    noise[:, width // 2 :] += 100
    return noise.astype(np.uint8)


@pytest.fixture(scope="module")
def view() -> View:
    found = surroundings(image(), BOX)
    assert found is not None
    return found


def detail(pixels: np.ndarray) -> float:
    grey = pixels.astype(float).mean(2)
    return float(np.abs(np.diff(grey, axis=0)).mean() + np.abs(np.diff(grey, axis=1)).mean())


def test_surroundings_keep_a_margin_and_hold_the_face_where_they_say() -> None:
    rgb = np.zeros((600, 800, 3), np.uint8)
    rgb[200:360, 300:420] = 255
    found = surroundings(rgb, BOX)
    assert found is not None
    assert found.pixels.shape == (480, 440, 3)  # 160 on each side
    x, y, width, height = (round(value) for value in found.box)
    assert (width, height) == (120, 160)
    assert (found.pixels[y : y + height, x : x + width] == 255).all()
    assert found.pixels.sum() == rgb.sum()


def test_a_large_face_is_shrunk_one_at_the_edge_is_cut_and_a_tiny_one_is_left_out() -> None:
    large = surroundings(image(), BOX * 1.4)
    assert large is not None
    assert large.side == pytest.approx(FACE_SIDE, abs=0.5)
    edge = surroundings(image(), np.array([-10, -20, 120, 160], np.float32))
    assert edge is not None
    assert edge.box[:2] == (-10, -20)
    assert surroundings(image(), np.array([9, 9, MIN_SIDE - 1, 10], np.float32)) is None
    assert surroundings(image(), np.array([2_000, 9, 100, 100], np.float32)) is None
    for kind in KINDS:
        assert degraded(edge, kind, SHAS[0]).pixels.dtype == np.uint8


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_inputs_give_the_same_bytes_and_every_picture_its_own_amount(
    view: View, kind: str
) -> None:
    before = view.pixels.copy()
    copies = [degraded(view, kind, sha).pixels.tobytes() for sha in SHAS]
    assert copies == [degraded(view, kind, sha).pixels.tobytes() for sha in SHAS]
    assert len(set(copies)) >= len(SHAS) / 5
    assert before.tobytes() not in copies
    assert (view.pixels == before).all()


# What VERSION 1 gives, where no codec and no filter of a library has a say in it.
BYTES = {
    "covered": "62c4076dca1aedcc",
    "darker": "d00cbdbce875843c",
}


@pytest.mark.parametrize("kind", BYTES)
def test_who_changes_a_kind_has_to_raise_the_version(kind: str) -> None:
    small = View(image(60, 60), (20.0, 20.0, 20.0, 25.0))
    pixels = degraded(small, kind, SHAS[0]).pixels
    assert hashlib.sha256(pixels.tobytes()).hexdigest()[:16] == BYTES[kind]


def test_smaller(view: View) -> None:
    sides = [degraded(view, "smaller", sha).side for sha in SHAS]
    assert SMALL_SIDE[0] - 1 <= min(sides) < max(sides) <= SMALL_SIDE[1] + 1
    copy = degraded(view, "smaller", SHAS[0])
    assert copy.pixels.shape[0] / view.pixels.shape[0] == pytest.approx(
        copy.side / view.side, rel=0.02
    )
    tiny = View(view.pixels, (10.0, 10.0, 30.0, 30.0))
    assert degraded(tiny, "smaller", SHAS[0]).pixels.tobytes() == view.pixels.tobytes()


@pytest.mark.parametrize("kind", ["blurred", "compressed"])
def test_detail_is_lost_and_the_rest_stays(view: View, kind: str) -> None:
    for sha in SHAS:
        copy = degraded(view, kind, sha)
        assert copy.pixels.shape == view.pixels.shape
        assert copy.box == view.box
        assert detail(copy.pixels) < 0.8 * detail(view.pixels)
        assert copy.pixels.mean() == pytest.approx(view.pixels.mean(), abs=4)


def test_turned_about_the_face_to_either_side(view: View) -> None:
    mark = np.zeros_like(view.pixels)
    x, y = (round(value) for value in view.centre)
    mark[y - 100 : y + 100, x - 2 : x + 3] = 255
    angles = []
    for sha in SHAS:
        copy = degraded(View(mark, view.box), "turned", sha)
        rows, columns = np.nonzero(copy.pixels[..., 0] > 128)
        assert (rows.mean(), columns.mean()) == pytest.approx((y, x), abs=2)
        angles.append(np.degrees(np.arctan(np.polyfit(rows, columns, 1)[0])))
    sizes = np.abs(angles)
    assert ANGLE[0] - 1 < sizes.min() < sizes.max() < ANGLE[1] + 1
    assert min(angles) < 0 < max(angles)


def test_a_part_of_the_face_is_covered_by_one_colour(view: View) -> None:
    places = set()
    for sha in SHAS:
        copy = degraded(view, "covered", sha)
        rows, columns = np.nonzero((copy.pixels != view.pixels).any(2))
        x, y, width, height = view.box
        assert x - 1 <= columns.min() <= columns.max() <= x + width + 1
        assert y - 1 <= rows.min() <= rows.max() <= y + height + 1
        across, down = np.ptp(columns) + 1, np.ptp(rows) + 1
        assert COVERED[0] - 0.02 < across * down / (width * height) < COVERED[1] + 0.02
        patch = copy.pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert (patch == patch[0, 0]).all()
        upper = rows.min() < y + height / 2
        places.add("lower" if not upper else "left" if columns.min() < x + 2 else "right")
    assert places == {"lower", "left", "right"}


def test_darker(view: View) -> None:
    for sha in SHAS:
        copy = degraded(view, "darker", sha)
        assert copy.pixels.mean() < 0.6 * view.pixels.mean()
        assert (copy.pixels != view.pixels).mean() > 0.9
