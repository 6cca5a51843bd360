"""Start and stop builds in Airflow, and what a build would cost. Without an Airflow, by a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from reports.actions.role import require_operator
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig
from trainer.errors import ConfigError
from trainer.pipeline.interrupted import close_run
from trainer.pipeline.stored import stored
from trainer.runs.context import RunContext
from trainer.runs.ids import airflow_run
from trainer.services.airflow_api import FILE, PASSWORD, URL, USER, Login, read_login
from trainer.services.airflow_client import Airflow
from trainer.services.stop_build import STOPPED, what_is_kept
from trainer.staging.paths import DataDir, RunDir
from trainer.state.store import read_snapshots

PAGE = 25  # records of a stash-box that one request lists
HOW_TO = (
    f"No Airflow is configured. Set {URL}, {USER} and {PASSWORD}, or {FILE} to a JSON file of mode "
    "600 with url, user and password. Until then, this command does the same:"
)

NOT_CONFIGURED = (
    f"no Airflow is configured; set {URL}, {USER} and {PASSWORD}, or stop and clear runs in "
    "Airflow itself"
)


@dataclass(frozen=True)
class Cost:
    """What a source would be asked at most, from its last good crawl; None: not crawled yet."""

    source: str
    performers: int | None
    requests: int | None
    minutes: float | None


def airflow() -> Airflow | None:
    """None where none is configured; raises `ConfigError` for half a configuration."""
    login = read_login()
    return _client(login) if login else None


@lru_cache(maxsize=4)
def _client(login: Login) -> Airflow:
    """One for all who look: it keeps its token."""
    return Airflow(login)


def start(client: Airflow, conf: Mapping[str, Any], known_sources: list[str]) -> str:
    """Start a build with checked parameters; returns Airflow's id of its run."""
    require_operator()
    params = BuildParams.parse(dict(conf), known_sources)
    return client.start(params.model_dump(mode="json"))


def stop(client: Airflow, data: DataDir, run_id: str) -> str:
    """End a run by Airflow's id; returns what was kept and how to go on."""
    require_operator()
    client.stop(run_id)
    context = RunContext.open(Settings.load(data.root), run_id)
    with stored(context.settings, context.run.run_id, "mark_failed"):
        close_run(context, STOPPED)
    return what_is_kept(context.run, run_id)


def stop_run(data: DataDir, run: RunDir) -> str:
    """End a run of DATA_DIR in Airflow; raises `ConfigError` where none is configured."""
    client, run_id = airflow(), airflow_run(run)
    if client is None or run_id is None:
        raise ConfigError(NOT_CONFIGURED)
    return stop(client, data, run_id)


def go_on(run: RunDir) -> str:
    """Go on with a run of Airflow's that failed or was stopped; returns a sentence."""
    require_operator()
    client, run_id = airflow(), airflow_run(run)
    if client is None or run_id is None:
        raise ConfigError(NOT_CONFIGURED)
    client.go_on(run_id)
    return f"run {run.run_id} goes on from what it has kept, as soon as Airflow begins with it"


def shell_command(conf: Mapping[str, Any]) -> str:
    """The equivalent for a terminal; only what differs from the defaults."""
    changed = {k: v for k, v in conf.items() if v != BuildParams().model_dump()[k]}
    if not changed:
        return "trainer build"
    return f"trainer build --conf {shlex.quote(json.dumps(changed))}"


def costs(
    data: DataDir, sources: Mapping[str, SourceConfig], chosen: list[str], *, images: bool
) -> list[Cost]:
    """At most so many requests: every record listed (or its page asked for), and one image each."""
    known = read_snapshots(data.state_db)
    found = []
    for key in sorted(chosen or [k for k, s in sources.items() if s.enabled]):
        row = known.get(key)
        count = row.live_performers if row else None
        if count is None:
            found.append(Cost(key, None, None, None))
            continue
        listed = -(-count // PAGE) if sources[key].creates_performers else count
        asked = listed + (count if images else 0)
        found.append(Cost(key, count, asked, asked / sources[key].requests_per_minute))
    return found
