"""Airflow's REST API v2, as far as builds need it: start, stop, follow, and when the next one is.

The address and the sign-in come from the environment or from a file of mode 600, and are in no
page, log or error.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import requests

from trainer.config.environment import environment as of_this_process
from trainer.errors import ConfigError, TrainerError

URL, USER, PASSWORD = "TRAINER_AIRFLOW_API", "TRAINER_AIRFLOW_USER", "TRAINER_AIRFLOW_PASSWORD"
FILE = "TRAINER_AIRFLOW_LOGIN"  # a JSON file of mode 600 with url, user and password
BUILD_DAG = "build_performer_database"
SECONDS = 30.0
_FORBIDDEN = 403
_NOT_FOUND = 404
_UNAUTHORIZED = 401


class AirflowError(TrainerError):
    """Airflow is not there, or refused."""


@dataclass(frozen=True)
class Login:
    """Where Airflow's API is, and who asks."""

    url: str
    user: str = field(repr=False)
    password: str = field(repr=False)


def read_login(environment: Mapping[str, str] | None = None) -> Login | None:
    """The login, or None where no Airflow is configured; raises `ConfigError` for half of one."""
    given = of_this_process(environment)
    found = {name: given.get(name, "").strip() for name in (URL, USER, PASSWORD)}
    values = [found[URL], found[USER], found[PASSWORD]]
    if path := given.get(FILE, "").strip():
        values = _from_file(Path(path))
    if not any(values):
        return None
    if not all(values):
        raise ConfigError(f"Airflow's sign-in is not whole; set {URL}, {USER} and {PASSWORD}")
    url = values[0].rstrip("/")
    if not _is_address(url):
        raise ConfigError("Airflow's address is not one; give it as http://localhost:8080")
    return Login(url, values[1], values[2])


def _is_address(url: str) -> bool:
    try:
        parsed = urlsplit(url)
        named = parsed.scheme in ("http", "https") and bool(parsed.hostname) and parsed.port != 0
    except ValueError:
        return False
    return named and parsed.username is None and not parsed.query


def _from_file(path: Path) -> list[str]:
    """Its url, user and password; never says what is in it."""
    try:
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path}: others may read it; make its mode 600 (chmod 600)")
        content = json.loads(path.read_bytes())
        return [str(content[name]).strip() for name in ("url", "user", "password")]
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(
            f"{path}: not a sign-in; write a JSON object of url, user and password into it"
        ) from None


class Airflow:
    """Raises `AirflowError` in words that name neither password nor token."""

    def __init__(self, login: Login, seconds: float = SECONDS) -> None:
        self._login = login
        self._seconds = seconds
        self._session = requests.Session()
        self._session.trust_env = False  # no proxy and no .netrc between us and Airflow
        self._token: str | None = None

    def start(self, conf: Mapping[str, Any]) -> str:
        """Start a build; returns Airflow's id of its run."""
        body = {"logical_date": None, "conf": dict(conf)}
        run = self._call("POST", f"/dags/{BUILD_DAG}/dagRuns", body)
        return str(_part(run, "dag_run_id"))

    def stop(self, run_id: str) -> None:
        """End a run: its tasks are told to stop, its state is failed."""
        path = f"/dags/{BUILD_DAG}/dagRuns/{quote(run_id, safe='')}?update_mask=state"
        self._call("PATCH", path, {"state": "failed"})

    def running(self) -> list[dict[str, Any]]:
        """Runs that are queued or running, newest first: id, state, start."""
        path = f"/dags/{BUILD_DAG}/dagRuns?state=running&state=queued&order_by=-run_after&limit=20"
        runs = _part(self._call("GET", path), "dag_runs")
        names = {"id": "dag_run_id", "state": "state", "started_at": "start_date"}
        return [{key: run.get(name) for key, name in names.items()} for run in runs]

    def next_run(self) -> str | None:
        """When the next build starts by itself; None where the DAG is paused or not scheduled."""
        dag = self._call("GET", f"/dags/{BUILD_DAG}")
        if _part(dag, "is_paused"):
            return None
        found = dag.get("next_dagrun_run_after") or dag.get("next_dagrun_logical_date")
        return str(found) if found else None

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._send(method, f"/api/v2{path}", body, self._bearer())
        if answer.status_code == _UNAUTHORIZED:  # the token is too old
            self._token = None
            answer = self._send(method, f"/api/v2{path}", body, self._bearer())
        if not _is_good(answer):
            raise AirflowError(self._refusal(answer))
        return _content(answer)

    def _bearer(self) -> str:
        if self._token is None:
            login = {"username": self._login.user, "password": self._login.password}
            answer = self._send("POST", "/auth/token", login)
            if not _is_good(answer):
                raise AirflowError(self._refusal(answer))
            self._token = str(_part(_content(answer), "access_token"))
        return self._token

    def _send(
        self, method: str, path: str, body: dict[str, Any] | None, token: str | None = None
    ) -> requests.Response:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            return self._session.request(
                method,
                self._login.url + path,
                json=body,
                headers=headers,
                timeout=self._seconds,
                allow_redirects=False,  # a sign-in goes to nobody else
            )
        except requests.RequestException:
            raise AirflowError(
                "Airflow does not answer; start it, or correct its address"
            ) from None

    def _refusal(self, answer: requests.Response) -> str:
        status = answer.status_code
        if status == _UNAUTHORIZED:
            return f"Airflow does not know this user or password; correct {USER} and {PASSWORD}"
        if status == _FORBIDDEN:
            return "Airflow does not let this user do that; give the user the role Op"
        if status == _NOT_FOUND:
            return f"Airflow knows no such run of {BUILD_DAG}; see `airflow dags list`"
        said = self._without_secrets(_detail(answer))
        return f"Airflow answered {status}: {said}; see the log of its api-server"

    def _without_secrets(self, said: str) -> str:
        for secret in (self._login.password, self._token):
            said = said.replace(secret, "...") if secret else said
        return said


def _is_good(answer: requests.Response) -> bool:
    """A redirect is no answer: it is not followed."""
    return answer.ok and not answer.is_redirect


def _content(answer: requests.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        raise AirflowError(
            "what answers is not Airflow's API; correct the address of Airflow"
        ) from None


def _part(content: Any, name: str) -> Any:
    if not isinstance(content, dict) or name not in content:
        raise AirflowError("what answers is not Airflow's API v2; use Airflow 3")
    return content[name]


def _detail(answer: requests.Response) -> str:
    try:
        return str(answer.json()["detail"])[:300]
    except (ValueError, KeyError, TypeError):
        return "no reason given"
