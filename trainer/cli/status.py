"""`trainer status`."""

from __future__ import annotations

from dataclasses import asdict

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.runs.status import read_status
from trainer.staging.clock import now


def status(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Print what is going on now, and what waits for a person."""
    found = read_status(data_of(data_dir), now())
    show(asdict(found), as_json, found.lines())
