"""Checksums in files of ours: JSON, the footers of Parquet files, budgets, pictures."""

from __future__ import annotations

import hashlib
import json

import pyarrow as pa
import pytest

from scrapy_project.limits.budget_files import BudgetFiles, budget_file
from trainer.config.jobs import EmbedJob
from trainer.embedding.changed_images import CHANGED, remove_changed
from trainer.errors import DamagedFileError, UnreadableJson
from trainer.staging.atomic import read_json, write_json, write_sealed
from trainer.staging.error_groups import StageError
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import read_schema, read_table, stream_rows, write_table
from trainer.staging.sealed_json import CHECKSUM

WHEN = "2026-11-29T00:00:00Z"


@pytest.mark.parametrize("content", [{}, {"b": [1, "é", None]}, [], [{"a": 1.5}], {"items": [2]}])
def test_sealed_json_is_read_as_it_was_written(tmp_path, content):
    path = tmp_path / "x.json"
    write_sealed(path, content)
    assert CHECKSUM in json.loads(path.read_text())
    assert read_json(path) == (content if content != {"items": [2]} else [2])


def test_every_flipped_bit_of_sealed_json_is_found_or_is_no_content(tmp_path):
    path = tmp_path / "x.json"
    content = {"rate": 60, "until": "2026-11-29T00:00:00Z", "ids": [[1, 20]], "on": True}
    write_sealed(path, content)
    whole = path.read_bytes()
    for bit in range(len(whole) * 8):
        changed = bytearray(whole)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        try:
            assert read_json(path) == content, bit
        except UnreadableJson as error:
            assert str(path) in str(error)


def test_json_without_a_checksum_is_read_as_it_is(tmp_path):
    write_json(tmp_path / "x.json", {"a": 1})
    assert read_json(tmp_path / "x.json") == {"a": 1}
    (tmp_path / "x.json").write_text('{"content_sha257": "x"}')
    with pytest.raises(UnreadableJson, match="name of its checksum"):
        read_json(tmp_path / "x.json")


def test_a_flipped_bit_in_a_parquet_footer_is_found(tmp_path):
    path = tmp_path / "x.parquet"
    table = pa.table({"name": ["a", "b"]}).replace_schema_metadata({"notes": '{"refused": 1}'})
    write_table(path, table)
    assert read_table(path).schema.metadata == {b"notes": b'{"refused": 1}'}
    whole = path.read_bytes()
    changed = bytearray(whole)
    changed[whole.rindex(b'{"refused": 1}') + 12] ^= 1
    path.write_bytes(changed)
    for read in (read_table, read_schema, lambda path: list(stream_rows(path, ["name"]))):
        with pytest.raises(DamagedFileError, match=r"x\.parquet: its footer"):
            read(path)


def test_a_parquet_file_without_a_checksum_is_read(tmp_path):
    path = tmp_path / "x.parquet"
    write_table(path, pa.table({"name": ["a"]}))
    whole = path.read_bytes()
    mark = whole.index(b"stash-sense-footer")
    path.write_bytes(whole[:mark] + whole[mark + 26 + 32 :])  # as an older trainer wrote it
    assert read_table(path)["name"].to_pylist() == ["a"]


def test_a_flipped_bit_in_a_budget_is_one_interval_and_no_wait_for_years(tmp_path):
    store = BudgetFiles(tmp_path, clock=lambda: 100.0)

    def use(entries, moment):
        found = entries[0].free
        entries[0].free = moment + 2
        return found

    assert store.change(["host-x"], 2.0, use) == 0.0
    assert store.change(["host-x"], 2.0, use) == 102.0
    path = budget_file(tmp_path, "host-x")
    changed = bytearray(path.read_bytes())
    changed[len(changed) - 45] ^= 8  # in the digits of a moment
    path.write_bytes(changed)
    assert store.change(["host-x"], 2.0, use) == 102.0


def test_a_picture_whose_bytes_changed_is_deleted_and_others_stay(tmp_path):
    whole = hashlib.sha256(b"whole").hexdigest()
    names = [c * 64 for c in "abc"]
    for name in (*names, whole):
        (tmp_path / name[:2]).mkdir(exist_ok=True)
        (tmp_path / name[:2] / name).write_bytes(b"whole")
    job = EmbedJob(
        run_id="r", shard="000-of-001", images_dir=tmp_path, model_dir=tmp_path, pack_id="x-1",
        cache_dir=tmp_path / "faces", report_dir=tmp_path, images=[*names, whole],
        started_at=WHEN,
    )  # fmt: skip
    plain = StageManifest(
        run_id="r", stage="embed", name="s", status="complete", started_at=WHEN, completed_at=WHEN
    )
    assert remove_changed(job, plain) == 0
    error = StageError(kind=CHANGED, url="file:x", message="its bytes are not those of its name")
    assert remove_changed(job, plain.model_copy(update={"errors": [error]})) == 3
    assert [p.name for p in tmp_path.glob("??/*")] == [whole]
