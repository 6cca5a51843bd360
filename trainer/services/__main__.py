"""`python -m trainer.services COMMAND`: what the containers run.

keys         check who owns the folders; make the secrets that nobody has set
prepare      keys, then bring Airflow's database up to date and make its pools
run NAME     one of Airflow's components or workers, the reports or the front page, in the place of
             this process
check NAME   whether a component of Airflow in this container is alive, for Docker's health check
all-in-one   prepare, then all of them until a signal comes; who ends is started again
"""

from __future__ import annotations

import os
import signal
import sys
import time

from trainer.config.environment import environment
from trainer.config.groups.container import ContainerSettings
from trainer.config.settings import REPO_ROOT, Settings
from trainer.errors import TrainerError
from trainer.processes.prefixed import PrefixingSupervisor
from trainer.processes.reviver import Reviver
from trainer.processes.supervisor import Service, Supervisor
from trainer.services.airflow import COMPONENTS, airflow, component
from trainer.services.front_page import front_page
from trainer.services.given_keys import note_names
from trainer.services.prepare import prepare_airflow, prepare_keys, say, say_what_is_missing
from trainer.services.surroundings import (
    admin_password,
    airflow_environment,
    home_of,
    reports_environment,
    scheduler_environment,
)
from trainer.services.tasks_api import wait_for_tasks_api
from trainer.services.workers import WORKERS, worker, worker_check

EVERYWHERE = "0.0.0.0"  # noqa: S104 - of a container that publishes nothing
FIRST = ("front-page", "reports", "api-server")  # people, then the API that tasks need
JOBS = {
    "scheduler": "SchedulerJob",
    "dag-processor": "DagProcessorJob",
    "triggerer": "TriggererJob",
}
NAMES = (*FIRST, *(name for name in COMPONENTS if name not in FIRST))


def service(name: str, given: dict[str, str], listen: str) -> Service:
    """Return one server with its environment, listening at an address of this container's."""
    if name == "front-page":
        return front_page(ContainerSettings.load(), admin_password(given), home_of(given))
    if name == "reports":
        host, port = listen, ContainerSettings.load().front_reports.rpartition(":")[2]
        page = str(REPO_ROOT / "reports" / "server.py")
        options = (f"--server.port={port}", f"--server.address={host}")
        argv = (sys.executable, "-m", "streamlit", "run", page, *options)
        return Service(name, argv, reports_environment(given, knows_keys=listen != EVERYWHERE))
    own = airflow_environment(given, listen)
    if name in WORKERS:
        return worker(name, given, own)
    if name == "scheduler":
        own = scheduler_environment(given, own)
    return Service(name, component(name).argv, own)


def job_check(name: str, given: dict[str, str]) -> Service:
    """Return the command that fails where the component's last sign of life is too old."""
    checked = airflow(name, "jobs", "check", "--job-type", JOBS[name], "--local")
    return Service(name, checked.argv, given)


def all_in_one(supervisor: Supervisor, given: dict[str, str]) -> None:
    """Until SIGTERM or Ctrl-C. A component that ends is started again; one that does so again and
    again takes the others along, for a restart of the container."""
    signal.signal(signal.SIGTERM, _interrupt)
    reviver = Reviver(supervisor, say)
    try:
        for name in NAMES:
            if name == "scheduler":
                wait_for_tasks_api(ContainerSettings.load().front_airflow, supervisor.check)
            reviver.start(service(name, given, "127.0.0.1"))
        say(f"the front page is on port {ContainerSettings.load().front_port}")
        say_what_is_missing(given)
        while True:
            reviver.check()
            time.sleep(2)
    except KeyboardInterrupt:
        say("stopping")
    finally:
        supervisor.stop()


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _replace_with(chosen: Service) -> None:
    """Become the server: the container's signals and its end are the server's own."""
    os.chdir(REPO_ROOT)
    os.execvpe(chosen.argv[0], chosen.argv, dict(chosen.environment or {}))  # noqa: S606


def _prepared(given: dict[str, str]) -> Supervisor:
    prepare_keys(given)
    logs = home_of(given) / "logs" / "components"
    supervisor = PrefixingSupervisor(airflow_environment(given), cwd=REPO_ROOT, logs=logs)
    prepare_airflow(supervisor, given)
    return supervisor


def main(arguments: list[str]) -> int:
    """Run the command; return the exit status: 2 for unknown arguments, 1 for an error."""
    try:
        given = environment()
        match arguments:
            case ["keys"]:
                prepare_keys(given)
            case ["prepare"]:
                _prepared(given)
                note_names(given, Settings.load().data_dir)
                say_what_is_missing(given)
            case ["run", name] if name in (*NAMES, *WORKERS):
                if name == "scheduler":
                    note_names(given, Settings.load().data_dir)
                _replace_with(service(name, given, EVERYWHERE))
            case ["check", name] if name in JOBS:
                _replace_with(job_check(name, airflow_environment(given)))
            case ["check", name] if name in WORKERS:
                _replace_with(worker_check(name, airflow_environment(given)))
            case ["all-in-one"]:
                all_in_one(_prepared(given), given)
            case _:
                sys.stderr.write(__doc__ or "")
                return 2
    except TrainerError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
