"""The embedder's plane geometry against independent formulations."""

from __future__ import annotations

import numpy as np
import pytest

from embedder.geometry import (
    TEMPLATE_112,
    enlarged_box,
    head_pose,
    non_maximum_suppression,
    pad_to_multiple,
    similarity_transform,
)
from embedder.vectors import blob, packed, unit_rows
from trainer.embedding.pack import RecogniserRule


def _least_squares(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The same transform as a linear system in (a, b, shift x, shift y)."""
    rows, values = [], []
    for (x, y), (u, v) in zip(source, target, strict=True):
        rows += [[x, -y, 1, 0], [y, x, 0, 1]]
        values += [u, v]
    a, b, tx, ty = np.linalg.lstsq(np.array(rows), np.array(values), rcond=None)[0]
    return np.array([[a, -b, tx], [b, a, ty]])


def _turned(points: np.ndarray, degrees: float, scale: float, shift: tuple[float, float]):
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return scale * points @ turn.T + np.array(shift)


@pytest.mark.parametrize("seed", range(20))
def test_alignment_is_the_least_squares_similarity(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = _turned(TEMPLATE_112, rng.uniform(-180, 180), rng.uniform(0.1, 9), (300, -40))
    points += rng.normal(0, 4, points.shape)
    got = similarity_transform(points, TEMPLATE_112)
    assert np.allclose(got, _least_squares(points, TEMPLATE_112), atol=1e-6)


def test_alignment_undoes_an_exact_turn() -> None:
    points = _turned(TEMPLATE_112, 33, 2.5, (120, 7))
    got = similarity_transform(points, TEMPLATE_112)
    assert np.allclose(points @ got[:, :2].T + got[:, 2], TEMPLATE_112)


def test_points_that_coincide_have_no_alignment() -> None:
    with pytest.raises(ValueError, match="coincide"):
        similarity_transform(np.full((5, 2), 3.0), TEMPLATE_112)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (32, 64), (33, 31), (479, 640)])
def test_padding_reaches_the_multiple_and_keeps_the_picture(height: int, width: int) -> None:
    image = np.full((height, width, 3), 9, np.uint8)
    padded = pad_to_multiple(image, 32)
    assert padded.shape[0] % 32 == padded.shape[1] % 32 == 0
    assert padded.shape[0] - height < 32 and padded.shape[1] - width < 32
    assert (padded[:height, :width] == 9).all()
    assert int(padded.sum()) == int(image.sum())


def _iou(a: np.ndarray, b: np.ndarray) -> float:
    w = max(0.0, min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]))
    h = max(0.0, min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]))
    return w * h / (a[2] * a[3] + b[2] * b[3] - w * h)


@pytest.mark.parametrize("seed", range(10))
def test_suppression_is_the_greedy_definition(seed: int) -> None:
    rng = np.random.default_rng(seed)
    boxes = np.concatenate([rng.uniform(0, 60, (40, 2)), rng.uniform(10, 40, (40, 2))], 1)
    scores = rng.uniform(0.6, 1, 40)
    kept: list[int] = []
    for index in sorted(range(40), key=lambda i: -scores[i]):
        if all(_iou(boxes[index], boxes[other]) <= 0.3 for other in kept):
            kept.append(index)
    assert 1 < len(kept) < 40
    got = non_maximum_suppression(boxes.astype(np.float32), scores.astype(np.float32), 0.3)
    assert got == kept


def test_nothing_to_suppress() -> None:
    empty = non_maximum_suppression(np.empty((0, 4), np.float32), np.empty(0, np.float32), 0.3)
    assert empty == []


def test_box_is_enlarged_about_its_centre_and_cut_to_the_picture() -> None:
    assert enlarged_box(np.array([100, 100, 100, 200]), 1.3, 1000, 1000) == (85, 70, 215, 330)
    assert enlarged_box(np.array([-10, -10, 100, 100]), 1.3, 60, 50) == (0, 0, 60, 50)


def test_pose_of_the_template_and_of_turned_heads() -> None:
    level = head_pose(TEMPLATE_112)
    assert abs(level.yaw) < 1 and abs(level.pitch) < 1 and abs(level.roll) < 1
    nose_right, nose_up = TEMPLATE_112.copy(), TEMPLATE_112.copy()
    nose_right[2, 0] += 10
    nose_up[2, 1] -= 8
    eyes = TEMPLATE_112[1] - TEMPLATE_112[0]
    offset = nose_right[2, 0] - TEMPLATE_112[:2, 0].mean()
    expected = np.degrees(np.arctan2(offset, np.hypot(*eyes) / 2))
    assert head_pose(nose_right).yaw == pytest.approx(expected)
    assert head_pose(nose_up).pitch > 10
    assert head_pose(_turned(TEMPLATE_112, 20, 3, (5, 5))).roll == pytest.approx(20, abs=1)
    assert head_pose(_turned(nose_up, 20, 3, (5, 5))).pitch == pytest.approx(
        head_pose(nose_up).pitch, abs=0.5
    )


def _rule(**change: object) -> RecogniserRule:
    base = {"crop": "five_points", "size": 112, "layout": "NCHW", "colour": "RGB"}
    numbers = {"subtract": 127.5, "divide": 128.0, "width": 128}
    return RecogniserRule.model_validate({**base, **numbers, **change})


def test_blob_order_and_scaling() -> None:
    crops = np.random.default_rng(1).integers(0, 256, (2, 112, 112, 3), np.uint8)
    got = blob(crops, _rule())
    assert got.shape == (2, 3, 112, 112) and got.dtype == np.float32
    assert got[1, 2, 5, 7] == np.float32((float(crops[1, 5, 7, 2]) - 127.5) / 128)
    bgr = blob(crops, _rule(colour="BGR", layout="NHWC"))
    assert bgr.shape == (2, 112, 112, 3)
    assert bgr[0, 5, 7, 0] == np.float32((float(crops[0, 5, 7, 2]) - 127.5) / 128)


def test_zero_padding_and_float16_keep_every_cosine() -> None:
    rows = np.random.default_rng(2).normal(size=(6, 128)).astype(np.float32)
    padded = unit_rows(rows)
    assert padded.shape == (6, 512) and not padded[:, 128:].any()
    stored = np.stack([np.frombuffer(packed(row) or b"", "<f2") for row in padded])
    norms = np.linalg.norm(rows, axis=1)
    cosines = rows @ rows.T / np.outer(norms, norms)
    assert np.allclose(padded @ padded.T, cosines, atol=1e-6)
    assert np.allclose(stored.astype(np.float64) @ stored.T.astype(np.float64), cosines, atol=1e-3)


def test_zero_and_nan_outputs_have_no_stored_form() -> None:
    rows = np.ones((3, 512), np.float32)
    rows[1], rows[2, 4] = 0, np.nan
    assert [packed(row) is None for row in unit_rows(rows)] == [False, True, True]
