"""End the build that is running, wherever it runs: in Airflow, or in a terminal of this machine."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import psutil

from trainer.config.settings import Settings
from trainer.errors import StageFailed
from trainer.pipeline.interrupted import close_run, kept
from trainer.pipeline.stored import bring_records, stored
from trainer.runs.context import RunContext
from trainer.runs.ids import airflow_run
from trainer.runs.record import list_records
from trainer.services.airflow_api import FILE, PASSWORD, URL, USER, read_login
from trainer.staging.lock import build_lock
from trainer.staging.paths import DataDir, RunDir

SECONDS = 60.0  # its spiders and its embedder finish what they have in hand
STOPPED = "it was stopped by a person"
_LOCKS = Path("/proc/locks")


def stop_build(settings: Settings) -> str:
    """Returns what was kept and how to go on; raises `TrainerError` where it can't be stopped."""
    data = DataDir(settings.data_dir)
    bring_records(settings)
    run_id = _running(data)
    if run_id is None:
        return "no build is running"
    context = RunContext.open(settings, run_id)
    in_airflow = airflow_run(context.run)
    if in_airflow:
        _stop_in_airflow(in_airflow)
    else:
        _stop_here(data)
    with stored(settings, run_id, "mark_failed"):
        close_run(context, STOPPED)
    return what_is_kept(context.run, in_airflow)


def _running(data: DataDir) -> str | None:
    records = [entry.record for entry in list_records(data) if entry.record]
    return next((record.id for record in records if record.status == "running"), None)


def what_is_kept(run: RunDir, in_airflow: str | None) -> str:
    """For people: what the stopped run leaves, and how to go on with it."""
    done = ", ".join(kept(run))
    figures = f" ({done})" if done else ""
    how = (
        "clear the run in Airflow to go on with it"
        if in_airflow
        else "`trainer build` with the same parameters goes on with it"
    )
    return (
        f"run {run.run_id} is stopped. What it fetched and embedded is kept{figures}, the "
        f"current release stays as it is; {how}"
    )


def _stop_in_airflow(run_id: str) -> None:
    from trainer.services.airflow_client import Airflow  # loads a second of other people's code

    login = read_login()
    if login is None:
        raise StageFailed(
            f"run {run_id} is Airflow's; set {URL}, {USER} and {PASSWORD}, or {FILE}, or mark the "
            "run as failed in Airflow"
        )
    Airflow(login).stop(run_id)


def _stop_here(data: DataDir) -> None:
    """The process that has DATA_DIR for itself gets a Ctrl-C, and time. Where nobody has it, the
    run is dead already. Raises `Busy` where another machine has it."""
    holders = _holders(data.lock)
    if not holders:
        with build_lock(data.lock):
            return
    for process in holders:
        try:
            process.send_signal(signal.SIGINT)
            process.wait(SECONDS)
        except psutil.NoSuchProcess:
            continue
        except psutil.AccessDenied:
            raise StageFailed(
                f"process {process.pid} is another user's; stop it as that user"
            ) from None
        except psutil.TimeoutExpired:
            raise StageFailed(
                f"process {process.pid} has not ended within {SECONDS:.0f} s; wait, or kill it"
            ) from None


def _holders(lock: Path) -> list[psutil.Process]:
    """Processes of this machine that hold the lock for writing."""
    try:
        inode, locks = lock.stat().st_ino, _LOCKS.read_text()
    except OSError:  # never locked, or not Linux
        return []
    found = re.findall(rf"FLOCK +\w+ +WRITE (\d+) \w+:\w+:{inode} ", locks)
    return [psutil.Process(int(pid)) for pid in found if psutil.pid_exists(int(pid))]
