"""Indexes that grow, their storage types, and the budget of their search for M."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.release_fixtures import built
from tests.release_world import embeddings, faces, performer, write_world
from trainer.release import contract
from trainer.release.index import Base, IndexOptions, build_index
from trainer.release.index_read import differing, load_index, vectors_of
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


def embed_again(row: dict, person: int) -> None:
    row["facenet"] = embeddings([person], salt=9)[0].tobytes()
    row["arcface"] = embeddings([person], salt=8)[0].tobytes()


def test_a_face_that_is_gone_leaves_its_place_to_a_new_one(tmp_path, last):
    rows = with_more()
    gone = rows.pop(8)
    embed_again(rows[20], 99)
    result = grown(tmp_path, rows, last)
    assert made(result) == {"added"}
    assert {index.replaced for index in result.indexes.values()} == {2}
    assert verify(result.directory).ok
    before, after = (_by_index(d) for d in (last, result.directory))
    place = before.index((gone["image_sha256"], gone["face_no"]))
    assert [n for n, key in enumerate(before) if after[n] != key] == [place]
    assert after[place] == (rows[0]["image_sha256"], rows[0]["face_no"])
    assert len(after) == len(before) + 1
    wanted = {(r["image_sha256"], r["face_no"]): r for r in rows}
    for name, column in ((contract.FACENET_INDEX, "facenet"), (contract.ARCFACE_INDEX, "arcface")):
        held = load_index(result.directory / name).get_vectors(list(range(len(after))))
        given = [np.frombuffer(wanted[key][column], "<f2") for key in after]
        assert np.allclose(held, np.stack(given).astype(np.float32), atol=1e-3)
    same = grown(tmp_path, rows, last, "3")
    for name in contract.RELEASE_FILES:
        assert (same.directory / name).read_bytes() == (tmp_path / "2" / name).read_bytes(), name


def _by_index(directory: Path) -> list[tuple[str, int]]:
    with sqlite3.connect(directory / contract.DATABASE) as db:
        sql = "SELECT image_sha256, face_no FROM face_provenance ORDER BY face_id"
        return db.execute(sql).fetchall()


def test_an_index_that_grew_for_many_weeks_finds_as_well(tmp_path):
    """Every week 2% of the faces give way to new ones, and some are added."""
    rng = np.random.default_rng(2)
    drawn = embeddings([n // 3 for n in range(2_400)], salt=1, noise=0.5).astype(np.float32)
    vectors, unused = drawn[:1_500], 1_500
    path = tmp_path / "week-0.voy"
    build_index(path, vectors)
    for week in range(1, 13):
        replaced = np.sort(rng.permutation(len(vectors))[:30])
        count, vectors = len(vectors), vectors.copy()
        vectors[replaced] = drawn[unused : unused + 30]
        vectors = np.concatenate([vectors, drawn[unused + 30 : unused + 40]])
        unused += 40
        following = tmp_path / f"week-{week}.voy"
        result = build_index(following, vectors, base=Base(path, count, replaced))
        assert (result.made, result.replaced) == ("added", 30)
        path = following
    anew = build_index(tmp_path / "anew.voy", vectors)
    assert abs(result.curve[-1].recall_at_1 - anew.curve[-1].recall_at_1) <= 0.005


def test_a_base_of_another_size_is_left(tmp_path):
    vectors = embeddings([n // 3 for n in range(300)], salt=1).astype(np.float32)
    build_index(tmp_path / "x.voy", vectors[:280])
    result = build_index(tmp_path / "y.voy", vectors, base=Base(tmp_path / "x.voy", 290))
    assert (result.made, result.replaced) == ("built", 0)
    assert len(load_index(tmp_path / "y.voy")) == 300


def test_a_large_index_grows_by_several_threads(tmp_path, monkeypatch):
    monkeypatch.setattr("trainer.release.index.DETERMINISTIC_BELOW", 100)
    drawn = embeddings([n // 3 for n in range(1_500)], salt=1).astype(np.float32)
    vectors, base = drawn[:1_400].copy(), tmp_path / "x.voy"
    build_index(base, vectors[:1_300])
    replaced = np.arange(0, 1_300, 50)
    vectors[replaced] = drawn[1_400 : 1_400 + len(replaced)]
    result = build_index(tmp_path / "y.voy", vectors, base=Base(base, 1_300))
    assert (result.made, result.replaced) == ("added", len(replaced))
    assert result.curve[-1].recall_at_1 >= 0.99
    index = load_index(tmp_path / "y.voy")
    assert differing(index, vectors, 1e-5).tolist() == []
    assert differing(index, drawn[:1_400], 1e-5).tolist() == replaced.tolist()
    assert np.allclose(vectors_of(index), vectors, atol=1e-5)


@pytest.mark.parametrize(
    "change", ["more_gone_than_new", "many_gone", "many_embedded_again", "many", "storage", "pack"]
)
def test_everything_else_is_built_anew(tmp_path, last, change):
    rows = with_more()
    more: dict[str, Any] = {}
    if change == "more_gone_than_new":
        del rows[7:10]
    elif change == "many_gone":
        rows = [*faces([*OWNERS, *range(50, 58)])][6:]
    elif change == "many_embedded_again":
        for row in rows[7:17]:
            embed_again(row, row["performer_id"] + 100)
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
