"""A small Airflow on loopback, which answers what it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from trainer.services.airflow_api import Login
from trainer.services.airflow_client import Airflow

SECRET = "hush-hush"  # noqa: S105 - invented
RUN = "manual__2026-11-28T10:00:00+00:00"
PREFIX = "/api/v2/dags/build_performer_database"
NAMES = {"dag_id": "build_performer_database", "dag_display_name": "build_performer_database"}


def dag_run(run_id: str, state: str = "running") -> dict[str, Any]:
    return {
        **NAMES,
        "dag_run_id": run_id,
        "dag_versions": [],
        "run_after": "2026-11-28T10:00:00Z",
        "start_date": "2026-11-28T10:00:00Z",
        "run_type": "manual",
        "state": state,
    }


def dag(**changes: Any) -> dict[str, Any]:
    flags = ("has_import_errors", "has_task_concurrency_limits", "is_backfillable", "is_paused")
    more = ("is_stale", "timetable_partitioned", "timetable_periodic")
    return {
        **NAMES,
        **dict.fromkeys([*flags, *more], False),
        "file_token": "x",
        "fileloc": "x",
        "max_active_tasks": 4,
        "max_consecutive_failed_dag_runs": 0,
        "owners": [],
        "tags": [],
        "next_dagrun_run_after": "2026-11-29T00:00:00Z",
        **changes,
    }


def task(name: str, key: str | None = None, start: str | None = None, index: int = -1) -> Any:
    return {
        **NAMES,
        "dag_run_id": RUN,
        "id": "01900000-0000-7000-8000-000000000000",
        "executor_config": "{}",
        "map_index": index,
        "max_tries": 2,
        "pool": "crawl",
        "pool_slots": 1,
        "rendered_map_index": key,
        "run_after": "2026-11-28T10:00:00Z",
        "start_date": start,
        "state": "running" if start else None,
        "task_display_name": name,
        "task_id": name,
        "try_number": 1 if start else 0,
    }


class _Handler(BaseHTTPRequestHandler):
    server: FakeAirflow

    def do_POST(self):
        server = self.server
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        server.asked.append((self.command, self.path, body))
        if self.path == "/auth/token":
            good = body == {"username": "ada", "password": server.password}
            server.tokens += good
            self._answer(201 if good else 401, {"access_token": f"token-{server.tokens}"})
        elif self.headers.get("Authorization") not in server.valid():
            self._answer(401, {"detail": "no"})
        else:
            self._answer(*server.answers.get((self.command, self.path.split("?")[0]), (404, {})))

    do_GET = do_PATCH = do_POST

    def _answer(self, status, content):
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


class FakeAirflow(ThreadingHTTPServer):
    """Answers what it is told to; `oldest` is the first token that is still valid."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.password, self.tokens, self.oldest = SECRET, 0, 1
        self.asked: list[tuple[str, str, Any]] = []
        run = dag_run(RUN)
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {
            ("POST", f"{PREFIX}/dagRuns"): (200, run),
            ("GET", f"{PREFIX}/dagRuns"): (200, {"dag_runs": [run], "total_entries": 1}),
            ("GET", PREFIX): (200, dag()),
            ("PATCH", f"{PREFIX}/dagRuns/manual__2026-11-28T10%3A00%3A00%2B00%3A00"): (200, run),
        }

    def valid(self):
        return {f"Bearer token-{n}" for n in range(self.oldest, self.tokens + 1)}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


@contextmanager
def serving_airflow() -> Iterator[FakeAirflow]:
    server = FakeAirflow()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def client(fake: FakeAirflow, password: str = SECRET) -> Airflow:
    return Airflow(Login(fake.url, "ada", password), seconds=5)


def configure(monkeypatch, fake: FakeAirflow | None) -> None:
    """Set the variables by which the trainer finds it; None: no Airflow at all."""
    for name in ("API", "USER", "PASSWORD", "LOGIN"):
        monkeypatch.delenv(f"TRAINER_AIRFLOW_{name}", raising=False)
    if fake:
        monkeypatch.setenv("TRAINER_AIRFLOW_API", fake.url)
        monkeypatch.setenv("TRAINER_AIRFLOW_USER", "ada")
        monkeypatch.setenv("TRAINER_AIRFLOW_PASSWORD", SECRET)
