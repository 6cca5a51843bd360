"""Start and stop builds in Airflow, and what a build would cost. Without an Airflow, by a shell."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reports.actions.role import require_operator
from trainer.config.params import BuildParams
from trainer.config.sources import SourceConfig
from trainer.services.airflow_api import FILE, PASSWORD, URL, USER, read_login
from trainer.services.airflow_client import Airflow
from trainer.staging.paths import DataDir
from trainer.state.store import read_snapshots

PAGE = 25  # records of a stash-box that one request lists
HOW_TO = (
    f"No Airflow is configured. Set {URL}, {USER} and {PASSWORD}, or {FILE} to a JSON file of mode "
    "600 with url, user and password. Until then, this command does the same:"
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
    return Airflow(login) if login else None


def start(client: Airflow, conf: Mapping[str, Any], known_sources: list[str]) -> str:
    """Start a build with checked parameters; returns Airflow's id of its run."""
    require_operator()
    params = BuildParams.parse(dict(conf), known_sources)
    return client.start(params.model_dump(mode="json"))


def stop(client: Airflow, run_id: str) -> str:
    """End a run; returns what was kept and how to go on."""
    require_operator()
    client.stop(run_id)
    return (
        f"run {run_id} is being stopped. What was fetched and embedded is kept: the next build "
        "goes on from there, and the current release stays as it is"
    )


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
