"""Indexes that grow, their storage types, and the budget of their search for M."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from tests.release_fixtures import built
from tests.release_world import embeddings, faces, performer, write_world
from trainer.release import contract
from trainer.release.index import Base, IndexOptions, build_index, load_index
from trainer.release.verify import verify

PEOPLE = list(range(1, 41))
OWNERS = [person for person in PEOPLE for _ in range(5)]


def select(directory: Path, face_rows, people=PEOPLE) -> Path:
    return write_world(directory, [performer(n) for n in people], face_rows)


@pytest.fixture
def last(tmp_path: Path) -> Path:
    built(select(tmp_path / "select-1", faces(OWNERS)), tmp_path / "1")
    return tmp_path / "1"


def made(result) -> set[str]:
    return {index.made for index in result.indexes.values()}


def grown(tmp_path: Path, rows, last: Path, name: str = "2", **more):
    people = sorted({row["performer_id"] for row in rows} | set(PEOPLE))
    return built(
        select(tmp_path / f"select-{name}", rows, people), tmp_path / name, base=last, **more
    )


def with_more() -> list[dict]:
    """Two more faces, the first of which sorts before all others."""
    new = faces([*OWNERS, 1, 41])[len(OWNERS) :]
    return [new[0], *faces(OWNERS), new[1]]


def test_faces_that_were_added_go_to_the_end_of_the_last_indexes(tmp_path, last):
    result = grown(tmp_path, with_more(), last)
    assert made(result) == {"added"}
    assert verify(result.directory).ok
    both = (last, tmp_path / "2")
    before, after = (json.loads((d / contract.FACES_JSON).read_bytes()) for d in both)
    assert after[: len(before)] == before
    assert len(after) == len(before) + 2
    old, new = (load_index(d / contract.ARCFACE_INDEX) for d in both)
    ids = list(range(len(before)))
    assert np.array_equal(old.get_vectors(ids), new.get_vectors(ids))
    with sqlite3.connect(tmp_path / "2" / contract.DATABASE) as db:
        rows = "SELECT performer_id FROM faces ORDER BY id DESC LIMIT 2"
        assert sorted(db.execute(rows).fetchall()) == [(1,), (41,)]


def test_growing_gives_the_same_bytes_every_time_and_finds_as_well(tmp_path, last):
    one, two = (grown(tmp_path, with_more(), last, name) for name in ("2", "3"))
    for name in contract.RELEASE_FILES:
        assert (one.directory / name).read_bytes() == (two.directory / name).read_bytes(), name
    anew = built(select(tmp_path / "select-4", with_more(), range(1, 42)), tmp_path / "4")
    for name in contract.INDEXES:
        recalls = [r.indexes[name].curve[-1].recall_at_1 for r in (one, anew)]
        assert abs(recalls[0] - recalls[1]) <= 0.005


@pytest.mark.parametrize("change", ["removed", "embedded_again", "many", "storage", "pack"])
def test_everything_else_is_built_anew(tmp_path, last, change):
    rows = with_more()
    more = {}
    if change == "removed":
        del rows[7]
    elif change == "embedded_again":
        rows[7]["facenet"] = embeddings([99], salt=9)[0].tobytes()
        rows[7]["arcface"] = embeddings([99], salt=8)[0].tobytes()
    elif change == "many":
        rows = faces([*OWNERS, *range(50, 80)])
    elif change == "storage":
        more["options"] = IndexOptions(storage="float8")
    else:
        path = last / contract.DATABASE
        with sqlite3.connect(path) as db:
            db.execute("UPDATE face_provenance SET model_pack = 'another'")
        rehash(last)
    result = grown(tmp_path, rows, last, **more)
    assert made(result) == {"built"}
    assert verify(result.directory).ok


def rehash(directory: Path) -> None:
    from trainer.release.write import write_sums
    from trainer.staging.atomic import read_json, sha256_file, write_json

    manifest = read_json(directory / contract.MANIFEST)
    digest = f"sha256:{sha256_file(directory / contract.DATABASE)}"
    manifest["checksums"][contract.DATABASE] = digest
    write_json(directory / contract.MANIFEST, manifest)
    write_sums(directory)


@pytest.mark.parametrize("storage", ["float8", "e4m3"])
def test_small_storage_types_are_smaller_and_fit_the_contract(tmp_path, last, storage):
    rows = select(tmp_path / "select-2", faces(OWNERS))
    result = built(rows, tmp_path / "2", options=IndexOptions(storage=storage))
    assert verify(result.directory).ok
    for name in contract.INDEXES:
        sizes = [(d / name).stat().st_size for d in (tmp_path / "2", last)]
        assert sizes[0] < 0.5 * sizes[1]
        assert result.indexes[name].curve[-1].recall_at_1 >= 0.99
        assert result.indexes[name].storage == storage


def test_no_larger_m_is_begun_that_would_not_be_ready(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.release.index.WANTED_RECALL", 1.1)  # out of reach
    vectors = embeddings([n // 3 for n in range(300)], salt=1).astype(np.float32)
    seconds = iter(range(0, 10_000, 10))  # every look at the clock is ten seconds later
    result = build_index(
        tmp_path / "x.voy", vectors, IndexOptions(budget=60), clock=lambda: float(next(seconds))
    )
    assert [point.m for point in result.curve] == [12, 16]
    assert load_index(tmp_path / "x.voy").M == 16


def test_the_ladder_begins_where_it_ended_the_last_time(tmp_path):
    vectors = embeddings([n // 3 for n in range(300)], salt=1).astype(np.float32)
    result = build_index(tmp_path / "x.voy", vectors, IndexOptions(start=24))
    assert [point.m for point in result.curve] == [24]


def test_a_base_that_grew_bad_is_left(tmp_path, monkeypatch):
    vectors = embeddings([n // 3 for n in range(300)], salt=1).astype(np.float32)
    build_index(tmp_path / "x.voy", vectors[:290])
    points = []
    measured = iter([0.5, 1.0])

    def bad_then_good(index, _vectors, **_):
        from trainer.release.recall import RecallPoint

        points.append(index.M)
        return RecallPoint(index.M, next(measured), 1.0, 300)

    monkeypatch.setattr("trainer.release.index.measure", bad_then_good)
    result = build_index(tmp_path / "y.voy", vectors, base=Base(tmp_path / "x.voy", 290))
    assert result.made == "built"
    assert len(load_index(tmp_path / "y.voy")) == 300
