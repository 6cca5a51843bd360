"""Pictures of before their performer was 18."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from trainer.faces.quarantine import mark_early

ADULT = "2008-12-31"
FETCHED = "2026-11-01T00:00:00Z"


def row(sha: str, taken: str | None = None, **other: Any) -> dict[str, Any]:
    plain = {
        "performer_id": 1,
        "image_sha256": sha,
        "taken_on": taken,
        "adult_from": ADULT,
        "fetched_at": FETCHED,
        "quarantined": False,
        "phash": hash_of(sha).to_bytes(8),
        "rule": "single_face",
    }
    return plain | other


def hash_of(text: str) -> int:
    return int.from_bytes(text.encode()) * 0x9E3779B97F4A7C15 % 2**64


def rules(*rows: dict[str, Any]) -> list[str]:
    schema = {"taken_on": pl.String, "adult_from": pl.String, "phash": pl.Binary}
    return mark_early(pl.DataFrame(rows, schema_overrides=schema))["rule"].to_list()


@pytest.mark.parametrize(
    ("taken", "other", "rule"),
    [
        ("2008-12-30", {}, "dated_before_adult"),
        ("2008-12-31", {}, "single_face"),
        (None, {}, "single_face"),
        ("2001-01-02", {"adult_from": None}, "single_face"),
        ("2001-01-02", {"rule": "several_faces"}, "dated_before_adult"),
        ("2001-01-02", {"rule": "face_too_small"}, "face_too_small"),
        ("2001-01-02", {"quarantined": True}, "single_face"),
        # A clock that runs ahead of the fetching says nothing.
        ("2007-06-02", {"fetched_at": "2007-06-01T23:00:00Z"}, "single_face"),
        ("2007-06-01", {"fetched_at": "2007-06-01T23:00:00Z"}, "dated_before_adult"),
    ],
)
def test_a_picture_by_its_day(taken, other, rule):
    assert rules(row("a", taken, **other)) == [rule]


def test_a_copy_that_says_nothing_is_the_same_picture():
    near = (hash_of("a") ^ 0b11111).to_bytes(8)
    found = rules(
        row("a", "2001-01-02"),
        row("copy", phash=near),
        row("b"),
        row("none", phash=None),
        row("copy", phash=near, performer_id=2),
    )
    early, fine = "dated_before_adult", "single_face"
    assert found == [early, early, fine, fine, fine]


def test_all_faces_of_a_picture_and_rows_stay_in_order():
    crowd = [row("a", "2001-01-02", rule="several_faces") for _ in range(2)]
    found = rules(row("z"), *crowd, row("b"))
    assert found == ["single_face", *["dated_before_adult"] * 2, "single_face"]
