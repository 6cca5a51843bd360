"""`trainer repair`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.upkeep.repair import forget_snapshot
from trainer.upkeep.repair import repair as mend


def repair(
    forget: Annotated[
        list[str] | None,
        typer.Option(help="A source whose last snapshot is lost: go on without it. Repeatable."),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Only say what is damaged.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Set damaged files aside, under DATA_DIR/quarantine; what can be is made anew by builds."""
    data = data_of(data_dir)
    lines = [] if dry_run else [forget_snapshot(data, source) for source in forget or ()]
    found = mend(data, dry_run=dry_run)
    show(asdict(found), as_json, [*lines, *found.lines()])
    raise typer.Exit(1 if found.left else 0)
