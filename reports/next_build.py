"""When Airflow starts the next build: asked once a minute, however many look."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import streamlit as st

from trainer.errors import TrainerError
from trainer.services.airflow_api import Login, read_login
from trainer.services.airflow_client import Airflow

SECONDS = 3.0  # a page does not wait longer


class Planned(NamedTuple):
    """When the next build begins, or why that is not known; neither where no Airflow is set."""

    at: datetime | None = None
    reason: str = ""


def planned() -> Planned:
    try:
        login = read_login()
    except TrainerError as error:
        return Planned(reason=str(error))
    return _asked(login.url, login) if login else Planned()


@st.cache_data(ttl=60, show_spinner=False, max_entries=4)
def _asked(url: str, _login: Login) -> Planned:
    """`url` is what it is kept by; a password is no key of a cache."""
    try:
        at = Airflow(_login, seconds=SECONDS).next_run()
    except TrainerError as error:
        return Planned(reason=str(error))
    return Planned(at, "" if at else "The DAG is paused: no build starts by itself.")
