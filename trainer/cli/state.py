"""`trainer state ...`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.upkeep.accept_state import accept_state
from trainer.upkeep.rebuild import rebuild_state

state_app = typer.Typer(no_args_is_help=True, help="state.db: permanent ids and decisions.")


@state_app.command("rebuild")
def state_rebuild(
    without_exclusions: Annotated[
        bool, typer.Option(help="Also where exclusions.yaml is not there: nobody is excluded.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a state.db from the releases that are there, where no backup of it is."""
    done = rebuild_state(data_of(data_dir), without_exclusions=without_exclusions)
    show(asdict(done), as_json, done.lines())


@state_app.command("accept")
def state_accept(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Take state.db as it is after a change by hand: its rows get new checksums."""
    changed = accept_state(data_of(data_dir))
    lines = [f"{name}: taken as it is now" for name in changed] or ["nothing has changed"]
    show({"accepted": changed}, as_json, lines)
