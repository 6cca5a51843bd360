"""`trainer models ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.config.settings import Settings

models_app = typer.Typer(no_args_is_help=True, help="The model packs that faces are embedded with.")


@models_app.command("list")
def models_list(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the packs: licences, and whether they are here."""
    from trainer.commands.models import pack_lines, pack_rows

    rows = pack_rows(data_of(data_dir))
    show(rows, as_json, pack_lines(rows))


@models_app.command("fetch")
def models_fetch(
    pack: Annotated[str, typer.Argument(help="A pack's name, e.g. sidecar.")],
    accept_licence: Annotated[
        bool, typer.Option("--accept-licence", help="Accept a non-commercial licence.")
    ] = False,
    data_dir: DataDirOption = None,
) -> None:
    """Download a pack (or make it of its packages) and check every byte."""
    from trainer.commands.models import fetch

    show({}, False, [fetch(Settings.load(data_dir), pack, accept_licence)])
