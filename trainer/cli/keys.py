"""`trainer keys ...`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from trainer.cli.common import show
from trainer.release.signing import new_key

keys_app = typer.Typer(no_args_is_help=True, help="Keys that releases are signed with.")


@keys_app.command("new")
def keys_new(
    file: Annotated[Path, typer.Argument(help="Where the private key goes; .pub beside it.")],
) -> None:
    """Make a key for TRAINER_SIGNING_KEY."""
    show({}, False, [f"{file}: keep it secret; {new_key(file)}: give it to those who verify"])
