"""`make demo`: the invented world, Airflow's four components, one build, a released database."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from demo.airflow import AirflowServices
from demo.airflow_client import AirflowClient
from demo.browser import chromium
from demo.stage import Stage, start_world, supervisor_of
from demo.summary import summary_lines
from trainer.config.settings import REPO_ROOT
from trainer.errors import TrainerError
from trainer.staging.paths import RunDir
from trainer.staging.progress import describe, read_progress

DAG_ID = "build_performer_database"
# Ten people have to give the hundred faces that the sidecar needs at least.
CONF = {"max_faces_per_source": 20, "max_faces_total": 20}
POLL_SECONDS = 0.5
BUILD_SECONDS = 1800.0
FINAL = ("success", "failed")


def say(line: str) -> None:
    """Write a line to stdout at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def demo(root: Path) -> int:
    """One build of the world's next week; 0 when a release was published."""
    stage = Stage(root)
    stage.prepare()
    week = stage.week()
    say(f"demo: week {week} of the invented world, in {stage.data.root}")
    if chromium() is None:
        say("demo: no Chromium on this machine, so indexxx is read without one")
    began = time.monotonic()
    log_from = stage.request_log.stat().st_size if stage.request_log.exists() else 0
    world = supervisor_of(stage, {}, background=False)
    try:
        start_world(stage, world, week)
        with AirflowServices(
            stage.airflow_home, stage.data.root, env=stage.environment(), say=say
        ) as airflow:
            run_id = airflow.client.trigger(DAG_ID, CONF)
            say(f"demo: triggered {DAG_ID} over the REST API as {run_id}")
            state = watch(airflow.client, run_id, stage.data.run(run_id))
    finally:
        world.stop()
    for line in summary_lines(stage.data, run_id, requests_since(stage, log_from)):
        say(line)
    say(f"demo: {time.monotonic() - began:.0f} s in all; nothing is left running")
    return 0 if state == "success" else 1


def watch(client: AirflowClient, run_id: str, run: RunDir) -> str:
    """Tell of every task as it starts, works and ends; returns the DAG run's final state."""
    reported: dict[str, str] = {}
    deadline = time.monotonic() + BUILD_SECONDS
    while time.monotonic() < deadline:
        state = str(client.dag_run(DAG_ID, run_id)["state"])
        for task in client.task_instances(DAG_ID, run_id):
            _report(task, run, reported)
        if state in FINAL:
            return state
        time.sleep(POLL_SECONDS)
    raise TrainerError(
        f"the build took more than {BUILD_SECONDS:.0f} s; see the logs in {run.root}"
    )


def _report(task: dict[str, Any], run: RunDir, reported: dict[str, str]) -> None:
    name = task["task_id"]
    label = f"{name}[{task['rendered_map_index'] or task['map_index']}]"
    label = label if task["map_index"] >= 0 else name
    line = str(task["state"])
    if line in ("None", "scheduled", "queued"):
        return
    if line == "running":
        line = f"running{_progress(name, str(task['rendered_map_index']), run)}"
    elif task["duration"] is not None:
        line = f"{line} after {task['duration']:.1f} s"
    if reported.get(label) != line:
        reported[label] = line
        say(f"  {label}: {line}")


def _progress(task: str, key: str, run: RunDir) -> str:
    """Count, rate and estimate of a crawl or an embed, from the file that it keeps."""
    places = {"crawl": "staging", "crawl_references": "staging", "embed": "embed"}
    if task not in places:
        return ""
    directory = run.root / places[task]
    found = read_progress(directory / key) if (directory / key).is_dir() else None
    return f": {describe(found)}" if found else ""


def requests_since(stage: Stage, offset: int) -> list[dict[str, Any]]:
    """What the world was asked during this demo."""
    if not stage.request_log.exists():
        return []
    with stage.request_log.open("rb") as log:
        log.seek(offset)
        return [json.loads(line) for line in log]


def main() -> int:
    """Run the demo; return the exit status: 1 for an error, 130 where it was interrupted."""
    argparse.ArgumentParser(prog="python -m demo.run", description=__doc__).parse_args()
    try:
        return demo(REPO_ROOT / "var" / "demo")
    except TrainerError as error:
        sys.stderr.write(f"demo: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("demo: stopped; run `make demo` again to go on\n")
        return 130


if __name__ == "__main__":
    raise SystemExit(main())
