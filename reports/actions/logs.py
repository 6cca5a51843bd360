"""The logs of a run: of its tasks in Airflow, and of its spiders and embedders in DATA_DIR."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from reports.actions.airflow import airflow
from trainer.errors import TrainerError
from trainer.runs.ids import airflow_run
from trainer.services import airflow_logs
from trainer.staging.paths import RunDir

MOST_BYTES = 1_000_000  # of a file, from its end
MOST_LINES = 500


class Log(NamedTuple):
    """What can be read; `read` may raise `TrainerError` or `OSError`."""

    name: str
    state: str
    read: Callable[[], list[str]]


class Logs(NamedTuple):
    found: list[Log]
    problems: list[str]


def logs(run: RunDir) -> Logs:
    """Tasks in Airflow, newest first, then the files of the run's child processes."""
    problems: list[str] = []
    try:
        tasks = _tasks(run)
    except TrainerError as error:
        tasks, problems = [], [str(error)]
    return Logs([*tasks, *_files(run)], problems)


def _tasks(run: RunDir) -> list[Log]:
    run_id, client = airflow_run(run), airflow()
    if run_id is None or client is None:
        return []
    return [
        Log(task.label, task.state, partial(airflow_logs.log_lines, client, run_id, task))
        for task in airflow_logs.tasks(client, run_id)
    ]


def _files(run: RunDir) -> list[Log]:
    paths = [(path.stat().st_mtime, path) for path in run.root.glob("logs/*.log")]
    newest = [path for _, path in sorted(paths, reverse=True)]
    return [Log(f"{path.stem} (file)", "", partial(tail, path)) for path in newest]


def tail(path: Path) -> list[str]:
    """The last lines of a file, whole ones."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - MOST_BYTES))
        lines = file.read().decode(errors="replace").splitlines()
    return lines if size <= MOST_BYTES else lines[1:]


def matching(lines: list[str], words: str) -> list[str]:
    """The last lines that hold every word, in any case."""
    wanted = words.casefold().split()
    found = [line for line in lines if all(word in line.casefold() for word in wanted)]
    return found[-MOST_LINES:]
