"""Parts of staging: a damaged one is found when it is read, and named."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from trainer.errors import DamagedFileError
from trainer.staging.frames import read_frame
from trainer.staging.parquet import parts, read_parts, read_table, write_rows, write_table
from trainer.staging.schemas import EMBEDDING_BYTES, IMAGES

ROW = {
    "source": "stashdb",
    "status": "fetched",
    "sha256": "ab" * 32,
    "fetched_at": "2026-01-31T12:00:00Z",
}


@pytest.fixture
def part(tmp_path):
    path = tmp_path / "images-000000.parquet"
    write_rows(path, [{**ROW, "url": f"http://127.0.0.1/{n}"} for n in range(200)], IMAGES)
    return path


def flip_last_bit(part, column):
    """Flip a bit in the last byte of the column's last page."""
    chunk = pq.read_metadata(part).row_group(0).column(IMAGES.get_field_index(column))
    start = min(chunk.dictionary_page_offset or chunk.data_page_offset, chunk.data_page_offset)
    content = bytearray(part.read_bytes())
    content[start + chunk.total_compressed_size - 1] ^= 1
    part.write_bytes(content)


def test_what_was_written_is_read(part):
    assert read_table(part).num_rows == 200
    assert part.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("column", ["url", "sha256", "fetched_at"])
def test_a_flipped_bit_in_the_data_is_found(part, column):
    flip_last_bit(part, column)
    with pytest.raises(DamagedFileError, match=r"images-000000\.parquet"):
        read_table(part)


def test_vectors_lie_as_they_are_and_a_flipped_bit_of_one_is_found(tmp_path):
    path = tmp_path / "part-0.parquet"
    vectors = [bytes([n]) * EMBEDDING_BYTES for n in range(100)]
    kinds = {"name": pa.string(), "facenet": pa.binary(EMBEDDING_BYTES)}
    write_table(path, pa.table({"name": ["a"] * 100, "facenet": vectors}, pa.schema(kinds)))
    chunks = pq.read_metadata(path).row_group(0)
    assert [chunks.column(n).compression for n in range(2)] == ["ZSTD", "UNCOMPRESSED"]
    assert read_table(path)["facenet"].to_pylist() == vectors
    content = bytearray(path.read_bytes())
    content[content.index(vectors[50]) + 500] ^= 1
    path.write_bytes(content)
    with pytest.raises(DamagedFileError, match=r"part-0\.parquet"):
        read_table(path)


def test_a_row_that_does_not_fit_leaves_no_file(tmp_path):
    with pytest.raises(pa.ArrowException):
        write_rows(tmp_path / "images-1.parquet", [{**ROW, "url": 5}], IMAGES)
    assert list(tmp_path.iterdir()) == []


def test_temporary_files_are_no_parts(part, tmp_path):
    (tmp_path / "images-.tmp-1.parquet").write_bytes(b"half")
    assert parts(tmp_path, "images-") == [part]
    assert read_parts(parts(tmp_path, "images-"), IMAGES, ["url"]).num_rows == 200


def test_a_part_of_an_older_trainer_lacks_columns(tmp_path):
    whole = pa.Table.from_pylist([{**ROW, "url": "u", "reason": "x", "etag": "y"}], IMAGES)
    pq.write_table(whole.drop_columns(["reason"]), tmp_path / "images-1.parquet")
    pq.write_table(whole, tmp_path / "images-2.parquet")
    table = read_parts(parts(tmp_path, "images-"), IMAGES)
    assert table.schema.equals(IMAGES)
    assert table["reason"].to_pylist() == [None, "x"] and table["etag"].to_pylist() == ["y", "y"]
    pq.write_table(whole.drop_columns(["url"]), tmp_path / "images-1.parquet")
    with pytest.raises(DamagedFileError, match=r"images-1\.parquet lacks \['url'\]"):
        read_parts(parts(tmp_path, "images-"), IMAGES)


def test_a_frame_has_the_columns_that_were_asked_for_and_no_damage(part):
    frame = read_frame(part, ["sha256", "url"])
    assert frame.columns == ["sha256", "url"] and frame.height == 200
    assert read_frame(part).columns == IMAGES.names
    flip_last_bit(part, "url")
    with pytest.raises(DamagedFileError, match=r"images-000000\.parquet"):
        read_frame(part, ["url"])
