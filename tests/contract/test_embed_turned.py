"""Pictures that were published turned: the same embedding as upright, or none."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.embed_job import Bench, portraits

TURNS = {
    90: Image.Transpose.ROTATE_90,  # counter-clockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_270,
}
LEAST_COSINE = 0.95
KINDS = ("studio_portrait", "amateur_selfie")
Row = dict[str, Any]


@pytest.fixture(scope="module")
def people() -> dict[str, Image.Image]:
    return portraits(KINDS)


@pytest.fixture(scope="module")
def rows(
    tmp_path_factory: pytest.TempPathFactory, people: dict[str, Image.Image]
) -> dict[str, list[Row]]:
    """The rows of each portrait, upright (`P001/studio_portrait`) and turned (`.../90`), of two
    people side by side of whom one is turned, and of a face that fills its picture."""
    bench = Bench(tmp_path_factory.mktemp("turned"))
    close = people["P004/studio_portrait"].crop((110, 60, 310, 300))
    for name, image in {**people, "close/up": close}.items():
        bench.add(name, image)
        for degrees, turn in TURNS.items():
            bench.add(f"{name}/{degrees}", image.transpose(turn))
    pair = Image.new("RGB", (840, 420))
    pair.paste(people["P001/studio_portrait"], (0, 0))
    pair.paste(people["P002/studio_portrait"].transpose(TURNS[90]), (420, 0))
    bench.add("pair", pair)
    code, output = bench.run(part_images=64)
    assert code == 0, output
    found: dict[str, list[Row]] = {}
    for row in bench.table().to_pylist():
        found.setdefault(bench.images[row["image_sha256"]], []).append(row)
    return found


def cosine(one: Row, other: Row, slot: str) -> float:
    first, second = (np.frombuffer(row[slot], "<f2").astype(np.float64) for row in (one, other))
    return float(first @ second / np.linalg.norm(first) / np.linalg.norm(second))


def least_cosine(one: Row, other: Row) -> float:
    return min(cosine(one, other, slot) for slot in ("facenet", "arcface"))


@pytest.mark.parametrize("degrees", TURNS)
def test_a_turned_portrait_has_the_upright_ones_embedding(
    rows: dict[str, list[Row]], people: dict[str, Image.Image], degrees: int
) -> None:
    assert len(people) == 20
    for name in [*people, "close/up"]:
        (standing,) = rows[name]
        (turned,) = rows[f"{name}/{degrees}"]
        assert standing["outcome"] == turned["outcome"] == "face", name
        assert least_cosine(standing, turned) > LEAST_COSINE, name
        assert standing["turn"] == 0
        assert turned["turn"] == 360 - degrees  # back to where it was


@pytest.mark.parametrize("degrees", TURNS)
def test_places_are_those_of_the_published_picture_and_the_pose_is_the_heads(
    rows: dict[str, list[Row]], people: dict[str, Image.Image], degrees: int
) -> None:
    for name, image in people.items():
        (standing,), (turned,) = rows[name], rows[f"{name}/{degrees}"]
        size = image.transpose(TURNS[degrees]).size
        assert (turned["image_width"], turned["image_height"]) == size
        points = np.reshape(turned["landmarks"], (5, 2))
        expected = np.reshape(standing["landmarks"], (5, 2))
        width, height = image.size
        for _ in range(degrees // 90):  # the same points, seen in the turned picture
            expected = np.stack([expected[:, 1], width - expected[:, 0]], 1)
            width, height = height, width
        reach = standing["box"][2]
        assert np.abs(points - expected).max() < 0.1 * reach, name
        x, y, across, down = turned["box"]
        assert (x < points[:, 0]).all() and (points[:, 0] < x + across).all()
        assert (y < points[:, 1]).all() and (points[:, 1] < y + down).all()
        assert turned["yaw"] == pytest.approx(standing["yaw"], abs=6), name
        assert turned["pitch"] == pytest.approx(standing["pitch"], abs=8), name
        lean = (turned["roll"] - standing["roll"] + degrees + 180) % 360 - 180
        assert abs(lean) < 4, name
        assert -180 < turned["roll"] <= 180


def test_of_two_people_in_one_picture_only_the_turned_one_is_turned(
    rows: dict[str, list[Row]],
) -> None:
    left, right = sorted(rows["pair"], key=lambda row: row["box"][0])
    assert (left["turn"], right["turn"]) == (0, 270)
    assert least_cosine(left, rows["P001/studio_portrait"][0]) > LEAST_COSINE
    assert least_cosine(right, rows["P002/studio_portrait"][0]) > LEAST_COSINE


def test_every_row_says_that_its_picture_was_looked_at(rows: dict[str, list[Row]]) -> None:
    assert None not in {row["turn"] for found in rows.values() for row in found}
