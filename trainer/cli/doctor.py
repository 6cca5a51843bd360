"""`trainer doctor`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, show
from trainer.config.settings import Settings
from trainer.health.doctor import examine, headline
from trainer.staging.clock import now


def doctor(
    deep: Annotated[bool, typer.Option("--deep", help="Read and hash every file.")] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask no source, no browser and no Airflow.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say what is wrong, and the command that helps; exit code 1 where a build would fail."""
    found = list(examine(Settings.load(data_dir), now(), online=not offline, deep=deep))
    show([asdict(f) for f in found], as_json, [*(f.line() for f in found), headline(found)])
    raise typer.Exit(1 if any(f.level == "bad" for f in found) else 0)
