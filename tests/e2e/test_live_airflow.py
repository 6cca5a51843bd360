"""The demo itself: Airflow's four components, a real scheduler, a trigger over REST."""

from __future__ import annotations

import json
import subprocess

import pytest

from demo.run import demo
from tests.e2e.conftest import stage_with_faces
from trainer.runs.record import read_record

pytestmark = [pytest.mark.e2e, pytest.mark.airflow, pytest.mark.timeout(1800)]


def still_running(text: str) -> list[str]:
    """Command lines of processes that name `text`."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)  # noqa: S607 - wherever it lies
    return [line for line in listed.stdout.splitlines() if text in line]


def test_the_demo_releases_a_database_and_leaves_nothing_running(
    week_1, tmp_path, demo_images, capsys
):
    # The faces are known already: what is tested here is Airflow, not the embedder again.
    stage = stage_with_faces(tmp_path / "demo", demo_images, week_1[0] / "faces")
    assert demo(stage.root) == 0
    said = capsys.readouterr().out
    (run,) = json.loads(stage.data.runs_json.read_text())["runs"]
    record = read_record(stage.data.run(run["id"]).record)
    assert record.status == "completed"
    assert stage.data.current.resolve().name == record.release
    assert "rank-1" in said
    assert record.evaluation is not None
    assert f"faces       {record.evaluation['faces']}" in said
    assert still_running(str(tmp_path)) == []
