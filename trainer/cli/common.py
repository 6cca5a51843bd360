"""What all commands share: options, output, the data directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from trainer.config.settings import Settings
from trainer.staging.paths import DataDir

DataDirOption = Annotated[
    Path | None, typer.Option("--data-dir", help="Where everything lies; default: $DATA_DIR.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


def show(content: Any, as_json: bool, lines: list[str]) -> None:
    """The result of a command, on stdout."""
    if as_json:
        typer.echo(json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, default=str))
    else:
        typer.echo("\n".join(lines))


def data_of(data_dir: Path | None) -> DataDir:
    """The data directory that `--data-dir` or the environment names."""
    return DataDir(Settings.load(data_dir).data_dir)
