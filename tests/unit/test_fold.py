"""Folding a run into the last snapshot: one row per id, one row per picture, the right one."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trainer.snapshots.fold import add_performers, fold_images, fold_performers
from trainer.snapshots.store import _table
from trainer.staging.schemas import IMAGES, PERFORMERS


def row(number: str, updated: str | None = "2026-01-01T00:00:00Z", **changes: Any) -> dict:
    return {
        "source": "box",
        "source_id": number,
        "name": f"Person {number}",
        "page_url": f"https://box.example/{number}",
        "deleted": False,
        "updated_at": updated,
        "merged_ids": [],
        "images": [{"url": f"u-{number}"}],
        **changes,
    }


def fold(before: list[dict], now: list[dict], full: bool = False, unread: tuple = ()) -> dict:
    tables = (pa.Table.from_pylist(rows, PERFORMERS) for rows in (before, now))
    folded = fold_performers(*tables, full_sweep=full, unreadable=set(unread))
    assert folded.schema.equals(PERFORMERS, check_metadata=True)
    rows = folded.to_pylist()
    assert [r["source_id"] for r in rows] == sorted({r["source_id"] for r in rows})
    return {r["source_id"]: r for r in rows}


def test_a_partial_crawl_adds_the_living_and_changes_nobody():
    before = pa.Table.from_pylist([row("b"), row("d", deleted=True)], PERFORMERS)
    now = [
        row("a", "2026-02-01T00:00:00Z", name="Older"),
        row("a", "2026-02-02T00:00:00Z", name="Newer", merged_ids=["b"]),
        row("b", "2026-02-02T00:00:00Z", deleted=True),
        row("c", deleted=True),
        row("d"),
    ]
    folded = add_performers(before, pa.Table.from_pylist(now, PERFORMERS))
    assert folded.schema.equals(PERFORMERS, check_metadata=True)
    found = [(r["source_id"], r["name"], r["deleted"]) for r in folded.to_pylist()]
    assert found == [("a", "Newer", False), ("b", "Person b", False), ("d", "Person d", True)]


@pytest.mark.parametrize(
    ("first", "second", "wins"),
    [
        ("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "first"),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "second"),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00Z", "first"),
        ("2026-01-01T00:00:00Z", "2026-01-01T01:00:00+01:00", "second"),
        (None, None, "second"),
        ("2026-01-01T00:00:00Z", None, "first"),
    ],
)
def test_of_an_id_listed_twice_the_newest_row_stays(first, second, wins):
    rows = [row("a", first, name="first"), row("a", second, name="second")]
    assert fold([], rows)["a"]["name"] == wins


def test_this_run_replaces_the_last_one_and_keeps_the_rest():
    found = fold([row("b"), row("a", name="old")], [row("a", name="new"), row("c")])
    assert {n: r["name"] for n, r in found.items()} == {
        "a": "new",
        "b": "Person b",
        "c": "Person c",
    }
    assert not any(r["deleted"] for r in found.values())


def test_after_a_full_sweep_the_absent_are_tombstones_but_not_the_unreadable():
    found = fold([row("a"), row("b"), row("c")], [row("a")], full=True, unread=("c",))
    assert {n: r["deleted"] for n, r in found.items()} == {"a": False, "b": True, "c": False}


def test_the_merged_are_tombstones_that_name_their_heir_unless_just_listed():
    found = fold([row("a"), row("b"), row("c")], [row("a", merged_ids=["b", "c", "a"]), row("c")])
    assert found["b"]["deleted"] and found["b"]["merged_into_id"] == "a"
    assert not found["a"]["deleted"] and not found["c"]["deleted"]
    assert (
        fold([row("a"), row("b")], [row("a", merged_ids=["b"], deleted=True)])["b"]["deleted"]
        is False
    )


def image(url: str, status: str, sha256: str | None = None) -> dict:
    return {
        "url": url,
        "source": "box",
        "status": status,
        "sha256": sha256,
        "fetched_at": "2026-01-01T00:00:00Z",
    }


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (("fetched", "old"), ("failed", None), ("fetched", "old")),
        (("fetched", "old"), ("fetched", "new"), ("fetched", "new")),
        (("fetched", "old"), ("known", "old"), ("fetched", "old")),
        (("fetched", "old"), ("refused", None), ("refused", None)),
        (("failed", None), ("fetched", "new"), ("fetched", "new")),
        (("refused", None), ("failed", None), ("failed", None)),
    ],
)
def test_a_failure_never_replaces_a_picture(before, now, expected):
    earlier, later = (pa.Table.from_pylist([image("u-a", *p)], IMAGES) for p in (before, now))
    folded = fold_images(earlier, later, pa.Table.from_pylist([row("a")], PERFORMERS)).to_pylist()
    assert [(r["status"], r["sha256"]) for r in folded] == [expected]


def test_only_pictures_of_the_living_stay_once_each_in_order():
    people = [row("b"), row("a"), row("c", deleted=True), row("d", images=None)]
    staged = [image(f"u-{n}", "fetched", n) for n in "bacxb"]
    tables = pa.Table.from_pylist(staged, IMAGES), pa.Table.from_pylist(people, PERFORMERS)
    folded = fold_images(IMAGES.empty_table(), *tables)
    assert folded["url"].to_pylist() == ["u-a", "u-b"]
    assert fold_images(IMAGES.empty_table(), IMAGES.empty_table(), tables[1]).num_rows == 0


def test_a_snapshot_of_an_older_trainer_lacks_columns(tmp_path):
    old = pa.Table.from_pylist([row("a")], PERFORMERS).drop_columns(["owners", "etag"])
    pq.write_table(old, tmp_path / "performers.parquet")
    table = _table(tmp_path, "performers.parquet", PERFORMERS)
    assert table.schema.equals(PERFORMERS) and table["etag"].to_pylist() == [None]
