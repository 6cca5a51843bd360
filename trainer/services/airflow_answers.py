"""What Airflow's refusals mean for whoever asked, as sentences without secrets."""

from __future__ import annotations

import json
from collections.abc import Iterable

from trainer.services.airflow_api import PASSWORD, USER, AirflowError

NO_ANSWER = "Airflow does not answer; start it, or correct its address"
NOT_AIRFLOW = "what answers is not Airflow's API v2; use Airflow 3, or correct its address"
_LONGEST = 300
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


def refused(status: int, body: object, secrets: Iterable[str]) -> AirflowError:
    """The error for a status other than 2xx; `secrets` are taken out of what was said."""
    return AirflowError(_meaning(status, body, secrets))


def _meaning(status: int, body: object, secrets: Iterable[str]) -> str:
    if status == _UNAUTHORIZED:
        return f"Airflow does not know this user or password; correct {USER} and {PASSWORD}"
    if status == _FORBIDDEN:
        return "Airflow does not let this user do that; give the user the role Op"
    if status == _NOT_FOUND:
        return "Airflow knows no such build, or not the DAG; see `airflow dags list`"
    said = _detail(body)
    for secret in secrets:
        said = said.replace(secret, "...") if secret else said
    return f"Airflow answered {status}: {said}; see the log of its api-server"


def _detail(body: object) -> str:
    try:
        return str(json.loads(str(body))["detail"])[:_LONGEST]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
