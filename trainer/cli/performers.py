"""`trainer performers ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show

performers_app = typer.Typer(no_args_is_help=True, help="Performers, released or not.")


@performers_app.callback()
def performers() -> None:
    """Performers, released or not."""


@performers_app.command("absent")
def performers_absent(
    run: Annotated[
        str | None, typer.Option(help="A run; default: the newest that selected faces.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Only those with this reason.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to list; 0: all.")] = 50,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who was resolved and is not in the release, and why: most scenes first."""
    from trainer.commands.performers import absent_lines, absent_rows

    found = absent_rows(data_of(data_dir), run, reason, limit)
    show(found._asdict(), as_json, absent_lines(found))
