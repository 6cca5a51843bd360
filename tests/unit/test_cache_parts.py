"""Small parts of a face cache become one, with the same rows."""

from __future__ import annotations

import pytest

from trainer.errors import DamagedFileError
from trainer.faces.cache import cache_parts, read_figures, read_vectors
from trainer.retention import cache_parts as joined
from trainer.retention.cache_parts import MANY, join_small_parts
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import EMBEDDING_WIDTH, FACES


def sha(number: int) -> str:
    return f"{number:064x}"


@pytest.fixture
def cache(tmp_path):
    """More parts than are left as they are, of two faces each."""
    for part in range(MANY + 1):
        rows = []
        for number in (2 * part, 2 * part + 1):
            vector = bytes([number, 60]) * EMBEDDING_WIDTH
            row = dict.fromkeys(FACES.names) | {"image_sha256": sha(number), "face_no": 0}
            rows.append(row | {"outcome": "face", "facenet": vector, "arcface": vector})
        write_rows(tmp_path / f"part-{part:04d}-x.parquet", rows, FACES)
    return tmp_path


def content(cache):
    images = [sha(number) for number in range(2 * MANY + 2)]
    vectors = read_vectors(cache, images)
    order = vectors.keys.sort("image_sha256")
    rows = order["row"].to_numpy()
    figures = read_figures(cache).sort("image_sha256").to_dicts()
    return figures, vectors.rows("facenet", rows).tobytes(), vectors.rows("arcface", rows).tobytes()


def test_many_small_parts_become_one_with_the_same_faces(cache):
    before = content(cache)
    assert join_small_parts(cache) == MANY
    (part,) = cache_parts(cache)
    assert content(cache) == before
    assert join_small_parts(cache) == 0
    assert cache_parts(cache) == [part]


def test_few_parts_and_large_ones_stay(cache, monkeypatch):
    first = cache_parts(cache)[0]
    monkeypatch.setattr(joined, "SMALL", first.stat().st_size)
    names = [path.name for path in cache_parts(cache)]
    assert join_small_parts(cache) == 0
    monkeypatch.undo()
    first.unlink()
    assert join_small_parts(cache) == 0
    assert [path.name for path in cache_parts(cache)] == names[1:]


def test_killed_before_the_old_parts_are_gone_no_face_counts_twice(cache):
    before = content(cache)
    old = {path.name: path.read_bytes() for path in cache_parts(cache)}
    join_small_parts(cache)
    for name, content_of_part in old.items():
        (cache / name).write_bytes(content_of_part)
    assert content(cache) == before
    assert join_small_parts(cache) == MANY + 1
    assert content(cache) == before


def test_a_damaged_part_is_named_and_nothing_is_joined(cache):
    part = cache_parts(cache)[3]
    part.write_bytes(part.read_bytes()[:-9])
    names = [path.name for path in cache_parts(cache)]
    with pytest.raises(DamagedFileError, match=part.name):
        join_small_parts(cache)
    assert [path.name for path in cache_parts(cache)] == names
