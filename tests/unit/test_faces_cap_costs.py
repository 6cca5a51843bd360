"""Rank-1 and size for each value of max_faces_total."""

from __future__ import annotations

import numpy as np
import polars as pl

from trainer.faces.cache import FaceVectors
from trainer.faces.cap_costs import TOTALS, cap_costs
from trainer.faces.select import SINGLE, Caps

CAPS = Caps({"boxone": 5, "boxtwo": 5}, 12)


def world(performers, per_performer, noise, seed=3):
    """Faces around one direction per performer; `noise` is how far they scatter."""
    draw = np.random.default_rng(seed)
    count = performers * per_performer
    owners = np.repeat(np.arange(performers), per_performer)
    keys = [f"{number:04d}" for number in range(count)]
    middle = draw.standard_normal((performers, 512))
    vectors = middle[owners] + noise * draw.standard_normal((count, 512))
    unit = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float16)
    frame = pl.DataFrame(
        {
            "performer_id": owners + 1,
            "image_sha256": keys,
            "face_no": pl.Series([0] * count, dtype=pl.Int16),
            "source": ["boxone", "boxtwo"] * (count // 2),
            "quality_score": draw.random(count),
            "yaw": [0.0] * count,
            "fetched_at": ["2026-01-01"] * count,
            "rule": [SINGLE] * count,
        }
    )
    table = frame.select("image_sha256", "face_no").with_row_index("row")
    table = table.with_columns(pl.col("row").cast(pl.Int64))
    return frame, FaceVectors(table, {"facenet": unit, "arcface": unit})


def test_size_follows_both_caps():
    frame, vectors = world(performers=6, per_performer=14, noise=0.1)
    found = cap_costs(frame, vectors, CAPS, seed=1)
    assert [cost.max_faces_total for cost in found] == list(TOTALS)
    # Seven faces of either source, of which five may stay: ten a performer.
    assert [cost.faces for cost in found] == [6 * min(total, 10) for total in TOTALS]
    assert {cost.probes for cost in found} == {6}
    assert {cost.rank_1 for cost in found} == {1.0}


def test_more_faces_find_more_people_where_faces_scatter():
    frame, vectors = world(performers=200, per_performer=12, noise=4.0)
    found = cap_costs(frame, vectors, CAPS, seed=1)
    few, more, most = (found[at].rank_1 for at in (0, 3, 9))
    assert few is not None and more is not None and most is not None
    assert few < more < most
    assert found == cap_costs(frame, vectors, CAPS, seed=1)


def test_a_probe_is_never_in_its_own_gallery():
    """Faces that have nothing to do with each other are found by chance only."""
    frame, vectors = world(performers=40, per_performer=2, noise=1_000.0)
    found = cap_costs(frame, vectors, CAPS, seed=1)[11].rank_1
    assert found is not None and found < 0.2


def test_people_with_one_face_are_counted_and_not_searched():
    frame, vectors = world(performers=8, per_performer=2, noise=0.1)
    ones = frame.group_by("performer_id", maintain_order=True).first().select(frame.columns)
    found = cap_costs(ones, vectors, CAPS, seed=1)
    assert found[0].faces == 8
    assert (found[0].probes, found[0].rank_1) == (0, None)


def test_nobody_at_all_costs_nothing():
    frame, vectors = world(performers=2, per_performer=2, noise=0.1)
    found = cap_costs(frame.clear(), vectors, CAPS, seed=1)
    assert {(cost.faces, cost.rank_1) for cost in found} == {(0, None)}
