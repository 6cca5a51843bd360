"""Which run a trigger is of: its own, or one that an older trainer began under a name without a
hash."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trainer.config.params import BuildParams
from trainer.config.sources import shipped_sources
from trainer.errors import ConfigError
from trainer.runs.context import read_plan
from trainer.runs.record import read_record
from trainer.staging.atomic import read_json, write_sealed
from trainer.staging.names import run_id_from
from trainer.staging.paths import DataDir, RunDir

_UNFINISHED = ("running", "failed")


def run_id_to_plan(data: DataDir, text: str, conf: Mapping[str, Any]) -> str:
    """The id under which the run `text` is planned.

    Two texts that differ in signs only have one name without a hash: a run that is there under it
    is gone on with only where it is unfinished and has the same parameters.
    """
    found, own = data.run(text), run_id_from(text)
    if found.run_id != own and _is_retried(found, conf):
        return found.run_id
    run = RunDir(data.runs / own)
    if not run.root.is_dir():
        write_sealed(run.origin, {"run_id": text})  # from now on this one is found
    return own


def airflow_run(run: RunDir) -> str | None:
    """Airflow's id of a run; None of one that a terminal started."""
    try:
        return str(read_json(run.origin)["run_id"]) if run.origin.exists() else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _is_retried(run: RunDir, conf: Mapping[str, Any]) -> bool:
    if run.record.exists() and read_record(run.record).status not in _UNFINISHED:
        return False
    if not run.plan.exists():
        return True
    try:
        params = BuildParams.parse(dict(conf), sorted(shipped_sources()))
    except ConfigError:
        return False  # `plan` says what is wrong with them
    return read_plan(run.plan).params == params
