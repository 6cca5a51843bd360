"""The API that Airflow's tasks talk to: its first answer takes up to half a minute, and a task that
starts meanwhile fails."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from trainer.processes.supervisor import ServiceError
from trainer.services.surroundings import TASKS_API

SECONDS = 300.0
ANSWER_SECONDS = 60


def wait_for_tasks_api(address: str, check: Callable[[], object]) -> None:
    """Return once the API at `host:port` answers; `check` raises where its server has ended.

    Raises `ServiceError` after five minutes.
    """
    deadline = time.monotonic() + SECONDS
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < deadline:
            check()
            try:
                answer = session.get(f"http://{address}{TASKS_API}/health", timeout=ANSWER_SECONDS)
                if answer.ok:
                    return
            except requests.RequestException:
                pass
            time.sleep(0.5)
    raise ServiceError(f"Airflow does not answer at {address}; read the lines of api-server above")
