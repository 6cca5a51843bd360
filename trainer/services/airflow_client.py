"""Builds in Airflow, by its official client: start, stop, what runs, and when the next one is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import urllib3
from airflow_client.client import ApiClient, Configuration
from airflow_client.client.api.dag_api import DAGApi
from airflow_client.client.api.dag_run_api import DagRunApi
from airflow_client.client.exceptions import ApiException, UnauthorizedException
from airflow_client.client.models.dag_run_clear_body import DAGRunClearBody
from airflow_client.client.models.dag_run_mutable_states import DagRunMutableStates
from airflow_client.client.models.dag_run_patch_body import DAGRunPatchBody
from airflow_client.client.models.trigger_dag_run_post_body import TriggerDAGRunPostBody
from pydantic import ValidationError

from trainer.services.airflow_answers import NO_ANSWER, NOT_AIRFLOW, refused
from trainer.services.airflow_api import AirflowError, Login
from trainer.services.airflow_token import new_token

BUILD_DAG = "build_performer_database"
SECONDS = 30.0
_UNAUTHORIZED = 401
T = TypeVar("T")


class DagRun(NamedTuple):
    """A run that is queued or running: Airflow's id, its state, when it began."""

    id: str
    state: str
    started_at: datetime | None


class Airflow:
    """Raises `AirflowError` in words that name neither password nor token."""

    def __init__(self, login: Login, seconds: float = SECONDS) -> None:
        self._login = login
        self._seconds = seconds
        # A sign-in goes to nobody else: a redirect is no answer and is not followed.
        retries = urllib3.Retry(0, redirect=0, raise_on_redirect=False)
        self._api = ApiClient(Configuration(host=login.url, retries=retries))
        self._token: str | None = None

    def start(self, conf: Mapping[str, Any]) -> str:
        """Start a build; returns Airflow's id of its run."""
        body = TriggerDAGRunPostBody(logical_date=None, conf=dict(conf))
        run = self.ask(
            lambda api, seconds: DagRunApi(api).trigger_dag_run(
                BUILD_DAG, body, _request_timeout=seconds
            )
        )
        return str(run.dag_run_id)

    def stop(self, run_id: str) -> None:
        """End a run: its tasks are told to stop, its state is failed."""
        body = DAGRunPatchBody(state=DagRunMutableStates.FAILED)
        self.ask(
            lambda api, seconds: DagRunApi(api).patch_dag_run(
                BUILD_DAG, run_id, body, update_mask=["state"], _request_timeout=seconds
            )
        )

    def go_on(self, run_id: str) -> None:
        """Run a run's tasks again: each goes on from the parts that it has written."""
        body = DAGRunClearBody(dry_run=False)
        self.ask(
            lambda api, seconds: DagRunApi(api).clear_dag_run(
                BUILD_DAG, run_id, body, _request_timeout=seconds
            )
        )

    def running(self) -> list[DagRun]:
        """Runs that are queued or running, newest first."""
        found = self.ask(
            lambda api, seconds: DagRunApi(api).get_dag_runs(
                BUILD_DAG,
                state=["running", "queued"],
                order_by=["-run_after"],
                limit=20,
                _request_timeout=seconds,
            )
        )
        return [
            DagRun(run.dag_run_id, str(run.state.value), run.start_date) for run in found.dag_runs
        ]

    def next_run(self) -> datetime | None:
        """When the next build starts by itself; None where the DAG is paused or not scheduled."""
        dag = self.ask(
            lambda api, seconds: DAGApi(api).get_dag(BUILD_DAG, _request_timeout=seconds)
        )
        if dag.is_paused:
            return None
        planned: datetime | None = dag.next_dagrun_run_after or dag.next_dagrun_logical_date
        return planned

    def ask(self, call: Callable[[ApiClient, float], T]) -> T:
        """Make a call of the official client; a token that is too old is renewed once."""
        try:
            self._sign_in(fresh=False)
            return self._answered(call)
        except UnauthorizedException:
            self._sign_in(fresh=True)
        try:
            return self._answered(call)
        except UnauthorizedException as error:
            raise refused(_UNAUTHORIZED, error.body, ()) from None

    def _answered(self, call: Callable[[ApiClient, float], T]) -> T:
        try:
            found = call(self._api, self._seconds)
        except UnauthorizedException:
            raise
        except ApiException as error:
            secrets = (self._login.password, self._token or "")
            raise refused(error.status or 0, error.body, secrets) from None
        except urllib3.exceptions.HTTPError:
            raise AirflowError(NO_ANSWER) from None
        except (ValidationError, ValueError, TypeError, AttributeError, KeyError):
            raise AirflowError(NOT_AIRFLOW) from None
        if found is None:
            raise AirflowError(NOT_AIRFLOW)
        return found

    def _sign_in(self, fresh: bool) -> None:
        if self._token is None or fresh:
            self._token = new_token(self._login, self._seconds)
            self._api.configuration.access_token = self._token
