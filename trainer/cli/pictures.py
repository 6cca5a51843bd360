"""`trainer pictures ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, show
from trainer.config.settings import Settings
from trainer.staging.clock import now

pictures_app = typer.Typer(no_args_is_help=True, help="The fetched pictures in DATA_DIR/images.")


@pictures_app.command("prune")
def pictures_prune(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Delete pictures older than TRAINER_KEEP_PICTURES_DAYS, as every release does; none that
    is still to be embedded."""
    from trainer.commands.pictures import prune_lines, prune_row

    row = prune_row(Settings.load(data_dir), now(), dry_run)
    show(row, as_json, prune_lines(row))
