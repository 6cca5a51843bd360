"""Run records: strict on writing, lenient on old ones, damaged ones named."""

import json
from typing import Any

import pytest

from trainer.errors import DamagedFileError
from trainer.runs.record import (
    RunRecord,
    list_records,
    read_record,
    write_record,
    write_runs_json,
)
from trainer.staging.paths import DataDir


def _write(data, run_id, started_at):
    write_record(data.run(run_id), RunRecord(id=run_id, started_at=started_at, status="completed"))


def test_written_record_is_read_back_equal(tmp_path):
    run = DataDir(tmp_path).run("a")
    record = RunRecord(id="a", started_at="2026-01-01T00:00:00Z", status="partial", embed={"x": 3})
    write_record(run, record)
    assert read_record(run.record) == record


def test_old_record_with_missing_and_extra_keys_is_read(tmp_path):
    path = tmp_path / "run.json"
    path.write_text('{"id": "a", "started_at": "x", "status": "failed", "of_old": 1}')
    assert read_record(path).stats.errors == 0


def test_a_status_we_do_not_know_is_refused_on_change():
    record = RunRecord(id="a", started_at="x", status="running")
    unknown: Any = "finished"
    with pytest.raises(ValueError, match="status"):
        record.status = unknown


def test_damaged_record_is_named_and_the_others_are_listed_newest_first(tmp_path):
    data = DataDir(tmp_path)
    _write(data, "old", "2026-01-01T00:00:00Z")
    _write(data, "new", "2026-01-08T00:00:00Z")
    broken = data.run("broken").record
    broken.parent.mkdir(parents=True)
    broken.write_text('{"id": ')
    with pytest.raises(DamagedFileError, match="broken"):
        read_record(broken)
    entries = list_records(data)
    assert [e.run_id for e in entries] == ["new", "old", "broken"]
    assert entries[2].error is not None and str(broken) in entries[2].error
    write_runs_json(data)
    content = json.loads(data.runs_json.read_text())
    assert [r["id"] for r in content["runs"]] == ["new", "old"]
    assert [d["id"] for d in content["damaged"]] == ["broken"]
