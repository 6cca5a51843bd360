"""A small client of Airflow's REST API: what a user's script would do."""

from __future__ import annotations

from typing import Any

import requests

from trainer.errors import TrainerError

SECONDS = 90  # longer than the API keeps a change waiting for its turn


class AirflowApiError(TrainerError):
    """The API refused; `status` is the HTTP status, the message what it said."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"Airflow answered {status}: {message}; see the api-server's log")
        self.status = status


class AirflowClient:
    """Logs in with a name and password; `base_url` has no trailing slash."""

    def __init__(self, base_url: str, username: str, password: str) -> None:
        self.base_url = base_url
        self._login = {"username": username, "password": password}
        self._session = requests.Session()
        self._session.trust_env = False
        self._token: str | None = None

    def health(self) -> dict[str, Any]:
        """Each component's state; needs no login. Raises requests' errors."""
        answer = self._session.get(f"{self.base_url}/api/v2/monitor/health", timeout=5)
        answer.raise_for_status()
        content: dict[str, Any] = answer.json()
        return content

    def tasks_api_answers(self, seconds: float) -> bool:
        """The API that tasks talk to; needs no login. Raises requests' errors."""
        return self._session.get(f"{self.base_url}/execution/health", timeout=seconds).ok

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        """One call below /api/v2; raises `AirflowApiError` with the API's own message."""
        for fresh in (False, True):
            answer = self._session.request(
                method,
                f"{self.base_url}/api/v2{path}",
                json=body,
                headers={"Authorization": f"Bearer {self._bearer(fresh)}"},
                timeout=SECONDS,
            )
            if answer.status_code != 401:
                break
        if not answer.ok:
            raise AirflowApiError(answer.status_code, _detail(answer))
        return answer.json() if answer.content else None

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """Start a run; returns its id."""
        body = {"logical_date": None, "conf": conf or {}}
        run = self.call("POST", f"/dags/{dag_id}/dagRuns", body)
        return str(run["dag_run_id"])

    def dag_run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """Return a DAG run as Airflow's API describes it."""
        run: dict[str, Any] = self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")
        return run

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """All of a run's task instances, one for each index of a mapped task."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100"
        found: list[dict[str, Any]] = []
        while True:
            page = self.call("GET", f"{path}&offset={len(found)}")
            found.extend(page["task_instances"])
            if not page["task_instances"] or len(found) >= page["total_entries"]:
                return found

    def log(self, dag_id: str, run_id: str, task: str, attempt: int = 1, index: int = -1) -> str:
        """The text of one attempt's log, one event a line."""
        answer = self.call(
            "GET",
            f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task}/logs/{attempt}"
            f"?map_index={index}&full_content=true",
        )
        events = answer["content"] if isinstance(answer["content"], list) else [answer["content"]]
        return "\n".join(e.get("event", str(e)) if isinstance(e, dict) else str(e) for e in events)

    def _bearer(self, fresh: bool) -> str:
        if self._token is None or fresh:
            answer = self._session.post(
                f"{self.base_url}/auth/token", json=self._login, timeout=SECONDS
            )
            if not answer.ok:
                raise AirflowApiError(answer.status_code, _detail(answer))
            self._token = str(answer.json()["access_token"])
        return self._token


def _detail(answer: requests.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return answer.text[:500]
