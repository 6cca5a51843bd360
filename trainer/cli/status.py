"""`trainer status`."""

from __future__ import annotations

from dataclasses import asdict, replace

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.errors import TrainerError
from trainer.runs.status import Status, read_status
from trainer.services.airflow_api import Login, read_login
from trainer.staging.clock import iso, now

SECONDS = 5.0  # nobody waits longer for a status


def status(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Print what is going on now, and what waits for a person."""
    found = with_next_run(read_status(data_of(data_dir), now()))
    show(asdict(found), as_json, found.lines())


def with_next_run(found: Status) -> Status:
    """Adds when Airflow starts the next build, where an Airflow is configured."""
    try:
        login = read_login()
        return replace(found, next_run=_next_run(login)) if login else found
    except TrainerError as error:
        return replace(found, problems=[*found.problems, str(error)])


def _next_run(login: Login) -> str | None:
    from trainer.services.airflow_client import Airflow  # loads a second of other people's code

    planned = Airflow(login, seconds=SECONDS).next_run()
    return iso(planned) if planned else None
