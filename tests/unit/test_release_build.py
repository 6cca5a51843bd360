"""Inputs, database, indexes and manifest."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.release_fixtures import built
from tests.release_world import HOSTILE, embeddings, faces, performer, uuid_of, world, write_world
from trainer.errors import DamagedFileError, StageFailed
from trainer.release import contract
from trainer.release.index import build_index
from trainer.release.index_read import load_index
from trainer.release.inputs import VECTOR_COLUMNS, read_inputs
from trainer.release.reader import PerformerReader


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path) -> None:
    select = world(tmp_path / "select")
    built(select, tmp_path / "a")
    built(select, tmp_path / "b")
    for name in (*contract.RELEASE_FILES, contract.SUMS):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_who_is_called_exactly_so_is_found_before_those_with_more_faces(tmp_path: Path) -> None:
    people = [performer(n, canonical_name=name) for n, name in ((1, "Diana"), (2, "Ana"))]
    select = write_world(tmp_path / "select", people, faces([1] * 150 + [2]))
    reader = PerformerReader(built(select, tmp_path / "a").directory / contract.DATABASE)
    assert [p["id"] for p in reader.search_by_name("ana")] == [2, 1]
    assert [p["id"] for p in reader.search_by_name("Ana", limit=1)] == [2]


def test_hostile_names_are_found_by_exactly_what_was_typed(tmp_path: Path) -> None:
    built(world(tmp_path / "select", people=25), tmp_path / "a")
    reader = PerformerReader(tmp_path / "a" / contract.DATABASE)
    for number, name in enumerate(HOSTILE, start=1):
        assert [p["id"] for p in reader.search_by_name(name)] == [number]
    assert reader.search_by_name("100%") == []
    assert len(reader.search_by_name("alias 7")) == 1
    for found, wanted in (
        (reader.by_stashbox_id("stashdb", uuid_of(3)), 3),
        (reader.by_universal_id(f"stashdb.org:{uuid_of(3)}"), 3),
        (reader.by_face_index(5), 2),
    ):
        assert found is not None and found["id"] == wanted
    assert reader.by_face_index(10_000) is None
    assert reader.faces(2)[0]["rule"] == "high_trust"


def test_url_conflicts_are_reported_and_the_first_keeps_the_url(tmp_path: Path) -> None:
    url = {"site": "iafd", "url": "http://127.0.0.1/x", "normalized_id": "p1", "source": "fansdb"}
    gone = {"source": "stashdb", "source_id": "old", "merged_at": None}
    people = [performer(n, urls=[url, url], merged=[gone]) for n in (1, 2)]
    select = write_world(tmp_path / "select", people, faces([1, 2]))
    result = built(select, tmp_path / "a")
    assert [(c.kind, c.kept_performer_id, c.performer_id) for c in result.conflicts] == [
        ("url", 1, 2),
        ("merged_id", 1, 2),
    ]
    assert "claimed by performer 2" in result.conflicts[0].describe()
    db = sqlite3.connect(tmp_path / "a" / contract.DATABASE)
    assert db.execute("SELECT performer_id FROM external_urls").fetchall() == [(1,)]
    kept = "SELECT kept_performer_id, performer_id FROM {}_conflicts"
    assert db.execute(kept.format("url")).fetchall() == [(1, 2)]
    assert db.execute(kept.format("merged")).fetchall() == [(1, 2)]
    assert db.execute("SELECT count(*) FROM tattoos").fetchone() == (2,)  # equal rows once each
    db.close()


def test_bad_inputs_are_refused(tmp_path: Path) -> None:
    people = [performer(1), performer(2)]
    shared = performer(2, claims=performer(1)["claims"])
    zero = faces([1, 2])
    zero[1]["facenet"] = bytes(1024)
    nan = faces([1, 2])
    nan[0]["arcface"] = np.full(512, np.nan, dtype="<f2").tobytes()
    cases = {
        "strictly ascending": (people[::-1], faces([1])),
        "stash-box id": ([people[0], shared], faces([1])),
        "facenet of row 1": (people, zero),
        "arcface of row 0": (people, nan),
        "performer 3": (people, faces([3])),
        "no universal id": ([performer(1, universal_id=None)], faces([1])),
        "occurs twice": (people, faces([1]) * 2),
    }
    for number, (message, (rows, face_rows)) in enumerate(cases.items()):
        select = write_world(tmp_path / str(number), rows, face_rows)
        with pytest.raises(DamagedFileError, match=message):
            inputs = read_inputs(select, select)
            for column in VECTOR_COLUMNS:
                inputs.vectors(column, tmp_path)


@pytest.mark.parametrize(("only_with_faces", "kept"), [(False, [1, 2, 3]), (True, [1, 3])])
def test_performers_without_a_face_are_left_out_on_demand(
    tmp_path: Path, only_with_faces: bool, kept: list[int]
) -> None:
    people = [performer(number) for number in (1, 2, 3)]
    select = write_world(tmp_path, people, faces([1, 3]))
    inputs = read_inputs(select, select, only_with_faces)
    assert inputs.performers["performer_id"].to_list() == kept


def test_index_refuses_bad_vectors_and_leaves_no_file(tmp_path: Path) -> None:
    vectors = embeddings([1, 2, 3], salt=1).astype(np.float32)
    vectors[2] = 0
    with pytest.raises(StageFailed, match="vector 2 is zero"):
        build_index(tmp_path / "x.voy", vectors)
    assert list(tmp_path.iterdir()) == []


def test_m_climbs_until_recall_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    vectors = embeddings([n // 3 for n in range(300)], salt=1).astype(np.float32)
    done: list[int] = []
    result = build_index(tmp_path / "x.voy", vectors, advance=done.append)
    assert result.m == 12
    assert sum(done) == 300
    assert result.curve[0].recall_at_1 >= 0.99
    monkeypatch.setattr("trainer.release.index.WANTED_RECALL", 1.1)  # out of reach
    result = build_index(tmp_path / "y.voy", vectors)
    assert [point.m for point in result.curve] == [12, 16, 24, 32, 48]
    assert load_index(tmp_path / "y.voy").M == 48


def test_the_reader_loads_nothing_heavy_and_cannot_write(tmp_path: Path) -> None:
    code = (
        "import sys; from trainer.release.reader import PerformerReader; "
        "print(sorted({m.split('.')[0] for m in sys.modules} & "
        "{'numpy', 'polars', 'pyarrow', 'voyager', 'pydantic', 'yaml'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    built(world(tmp_path / "select", people=25), tmp_path / "a")
    reader = PerformerReader(tmp_path / "a" / contract.DATABASE)
    with reader._open() as db, pytest.raises(sqlite3.OperationalError, match="readonly"):
        db.execute("DELETE FROM faces")
