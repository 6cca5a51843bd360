"""`make up` and `make down`: the world, Airflow and the reports in the background."""

from __future__ import annotations

import argparse
import os
import sys

from demo import airflow_background
from demo.airflow import USER, free_port
from demo.stage import Stage, start_world, supervisor_of
from trainer.config.settings import REPO_ROOT
from trainer.errors import TrainerError
from trainer.processes.groups import started_at, stop_groups
from trainer.processes.supervisor import Service
from trainer.staging.atomic import read_json, write_json
from trainer.staging.private import write_private_json

STOP_SECONDS = 20.0


def reports(port: int) -> Service:
    """Streamlit over DATA_DIR, on localhost only."""
    return Service(
        "reports",
        (sys.executable, "-m", "streamlit", "run", "reports/server.py",
         "--server.address", "127.0.0.1", "--server.port", str(port)),
    )  # fmt: skip


def up(stage: Stage) -> list[str]:
    """Start what is not running; returns lines for people."""
    stage.prepare()
    file = stage.root / "services.json"
    if file.exists():
        down(stage)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    login = stage.airflow_home / "login.json"  # by which the reports start builds
    reading = {"DATA_DIR": str(stage.data.root), "TRAINER_AIRFLOW_LOGIN": str(login)}
    side = supervisor_of(stage, reading, background=True)
    try:
        start_world(stage, side, stage.week())
        side.start(reports(port))
        environment = {**stage.environment(), "TRAINER_REPORTS_URL": url}
        airflow = airflow_background.up(
            stage.airflow_home, stage.data.root, None, env=environment, say=_say
        )
        known = read_json(stage.airflow_home / "secrets.json")
        write_private_json(
            login, {"url": airflow["url"], "user": USER, "password": known["password"]}
        )
        noted = {n: [p.pid, started_at(p.pid)] for n, p in side.running.items()}
        write_json(file, {"url": url, "pids": noted})
    except BaseException:
        side.stop()
        airflow_background.down(stage.airflow_home)
        raise
    password = stage.airflow_home / "secrets.json"
    return [
        f"Airflow: {airflow['url']} (user {USER}, password in {password})",
        f"reports: {url}",
        "stop both with: make down",
    ]


def down(stage: Stage) -> list[str]:
    """Stop what `up` started, if it is still the same processes."""
    file = stage.root / "services.json"
    stopped = airflow_background.down(stage.airflow_home)
    if file.exists():
        noted = read_json(file)["pids"]
        mine = {n: pid for n, (pid, started) in noted.items() if started_at(pid) == started}
        stop_groups(list(mine.values()), STOP_SECONDS)
        file.unlink()
        stopped += sorted(mine)
    return [f"stopped: {', '.join(stopped) or 'nothing was running'}"]


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run `up` or `down`; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m demo.services", description=__doc__)
    parser.add_argument("command", choices=("up", "down"))
    command = parser.parse_args().command
    os.chdir(REPO_ROOT)
    stage = Stage(REPO_ROOT / "var" / "demo")
    try:
        for line in up(stage) if command == "up" else down(stage):
            _say(line)
    except TrainerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
