"""The demo itself: Airflow's four components, a real scheduler, a trigger over REST."""

from __future__ import annotations

import json
import subprocess

import pytest

from demo.run import demo
from demo.stage import Stage
from tests.embed_job import demo_pack
from trainer.runs.record import read_record

pytestmark = [pytest.mark.e2e, pytest.mark.airflow, pytest.mark.timeout(900)]


def still_running(text: str) -> list[str]:
    """Command lines of processes that name `text`."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)  # noqa: S607 - wherever it lies
    return [line for line in listed.stdout.splitlines() if text in line]


def test_the_demo_releases_a_database_and_leaves_nothing_running(
    week_1, tmp_path, demo_images, capsys
):
    stage = Stage(tmp_path / "demo")
    models, _ = demo_pack()
    stage.data.model_pack("demo").parent.mkdir(parents=True)
    stage.data.model_pack("demo").symlink_to(models)
    stage.images.parent.mkdir(parents=True)
    stage.images.symlink_to(demo_images)
    # The faces are known already: what is tested here is Airflow, not the embedder again.
    (stage.data.root / "faces").symlink_to(week_1[0] / "faces")
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
