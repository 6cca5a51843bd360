"""`trainer backup` and `trainer restore`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.config.settings import Settings
from trainer.staging.clock import now
from trainer.upkeep.backup import back_up
from trainer.upkeep.restore import restore as put_back


def backup(
    to: Annotated[
        Path | None, typer.Option(help="Folder to write into; default: $TRAINER_BACKUP_DIR.")
    ] = None,
    folder: Annotated[bool, typer.Option("--folder", help="A folder, not one .tar file.")] = False,
    faces: Annotated[bool, typer.Option("--faces", help="The face cache, too.")] = False,
    releases: Annotated[
        bool, typer.Option("--releases", help="The current release and pinned ones, too.")
    ] = False,
    keep: Annotated[
        int | None, typer.Option(min=0, help="Newest backups to keep there; 0: all.")
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what can't be made again: state, exclusions, configuration, snapshots, records."""
    done = back_up(
        Settings.load(data_dir),
        now(),
        to=to and to.absolute(),
        form="folder" if folder else "tar",
        faces=faces,
        releases=releases,
        keep=keep,
    )
    show(asdict(done), as_json, done.lines())


def restore(
    source: Annotated[Path, typer.Argument(help="A .tar file or a folder of `trainer backup`.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Set aside what is there, and restore over it.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup back; every byte is checked before anything changes."""
    done = put_back(data_of(data_dir), source.absolute(), replace=replace)
    show(asdict(done), as_json, done.lines())
