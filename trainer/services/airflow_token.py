"""Sign in to Airflow: the official client has no call for it."""

from __future__ import annotations

import requests

from trainer.services.airflow_answers import NO_ANSWER, NOT_AIRFLOW, refused
from trainer.services.airflow_api import AirflowError, Login


def new_token(login: Login, seconds: float) -> str:
    """Return a token for `login`; raises `AirflowError`."""
    try:
        with requests.Session() as session:
            session.trust_env = False  # no proxy and no .netrc between us and Airflow
            answer = session.post(
                f"{login.url}/auth/token",
                json={"username": login.user, "password": login.password},
                timeout=seconds,
                allow_redirects=False,
            )
    except requests.RequestException:
        raise AirflowError(NO_ANSWER) from None
    if not answer.ok or answer.is_redirect:
        raise refused(answer.status_code, answer.text, (login.password,))
    try:
        return str(answer.json()["access_token"])
    except (ValueError, KeyError, TypeError):
        raise AirflowError(NOT_AIRFLOW) from None
