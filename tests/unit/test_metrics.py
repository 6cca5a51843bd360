"""Figures for Prometheus: what they are, that nobody is named, and that the board knows them."""

from __future__ import annotations

import json
import re
import shutil

import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.testing import CliRunner

from tests.release_fixtures import small_release
from trainer.cli import app
from trainer.config.settings import REPO_ROOT
from trainer.runs.record import RunRecord, RunStats, SourceStats, StepRecord, write_record
from trainer.staging.atomic import swap_symlink
from trainer.staging.paths import DataDir
from trainer.upkeep.metrics import metrics_file, metrics_text, write_metrics

RELEASE = "20261101_000000"
BOARD = REPO_ROOT / "docs" / "grafana" / "stash-sense.json"


@pytest.fixture
def data(tmp_path) -> DataDir:
    data = DataDir(tmp_path / "data")
    shutil.copytree(small_release(tmp_path / "made"), data.release(RELEASE))
    swap_symlink(data.current, RELEASE)
    stats = SourceStats(status="partial", performers=40, pages=2, images_refused=3, errors=1)
    record = RunRecord(
        id="run-of-ana-vask", started_at="2026-11-02T00:00:00Z",
        completed_at="2026-11-02T01:00:00Z", status="partial",
        stats=RunStats(errors=4, by_source={"stashdb": stats}),
        steps={"crawl-stashdb": StepRecord(status="done", seconds=12.5)},
        funnel={"stashdb": {"single": 7}}, quarantined={"too young": 2}, reviews={"link": 5},
        embed={"pictures": 9}, evaluation={"rank_1": 0.97}, gate={"passed": True, "checks": []},
    )  # fmt: skip
    write_record(data.run(record.id), record)
    running = record.model_copy(update={"id": "next", "completed_at": None, "status": "running"})
    running.started_at = "2026-11-09T00:00:00Z"
    write_record(data.run("next"), running)
    return data


def values(data: DataDir) -> dict[str, float]:
    """Value by name and labels."""
    found = {}
    for family in text_string_to_metric_families(metrics_text(data).decode()):
        for sample in family.samples:
            name = sample.name.removeprefix("stash_sense_")
            found[" ".join((name, *map("=".join, sorted(sample.labels.items()))))] = sample.value
    return found


def test_the_last_run_that_ended_the_release_and_the_disk(data):
    found = values(data)
    expected = {
        "run_success": 1, "run_duration_seconds": 3600, "run_errors": 4,
        "step_duration_seconds step=crawl-stashdb": 12.5, "source_success source=stashdb": 0,
        "source_performers source=stashdb": 40, "quarantined reason=too young": 2,
        "source_images outcome=refused source=stashdb": 3, "reviews kind=link": 5,
        "faces_by_rule rule=single source=stashdb": 7, "pictures outcome=pictures": 9,
        "rank_1": 0.97, "gate_passed": 1, "release_performers": 25,
    }  # fmt: skip
    assert {name: found[name] for name in expected} == expected
    assert 0 < found["disk_free_bytes"] < found["disk_total_bytes"]
    assert found["release_bytes"] > 10_000


def test_before_the_first_run_there_is_the_disk(tmp_path):
    assert set(values(DataDir(tmp_path))) == {"disk_free_bytes", "disk_total_bytes"}


def test_no_run_no_person_and_no_path_is_named(data):
    text = metrics_text(data).decode()
    assert "ana" not in text.lower() and str(data.root) not in text


def test_a_damaged_release_fails_nothing(data):
    (data.release(RELEASE) / "manifest.json").write_text("{")
    write_metrics(data)
    assert b"run_success" in metrics_file(data).read_bytes()
    metrics_file(data).unlink()
    metrics_file(data).mkdir()
    write_metrics(data)


def test_the_board_asks_for_figures_that_there_are(data):
    asked = set(re.findall(r"stash_sense_(\w+)", BOARD.read_text()))
    asked |= set(re.findall(r"stash_sense_(\w+)", (BOARD.parents[1] / "monitoring.md").read_text()))
    # stash_sense.prom is the file, stash_sense_release the asset
    assert asked <= {name.split()[0] for name in values(data)} | {"prom", "release"}
    assert len(json.loads(BOARD.read_text())["panels"]) == 12


def test_the_command(data):
    done = CliRunner().invoke(app, ["metrics", "--data-dir", str(data.root)])
    assert done.exit_code == 0 and "stash_sense_run_success 1.0" in done.stdout
