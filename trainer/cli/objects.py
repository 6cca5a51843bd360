"""`trainer objects ...`: a DATA_DIR that is kept on an object store."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, show
from trainer.config.settings import Settings
from trainer.errors import ConfigError
from trainer.object_store.check import check as check_objects
from trainer.object_store.compare import IMAGES, compare
from trainer.object_store.mirror import pull, push_all, remove
from trainer.object_store.open_store import open_store
from trainer.object_store.push import Pushed
from trainer.object_store.store import Store
from trainer.runs.record import write_runs_json
from trainer.staging.paths import DataDir

objects_app = typer.Typer(
    no_args_is_help=True, help="Keep DATA_DIR on an object store, for several machines."
)
_SHOWN = 20


@objects_app.command("pull")
def pull_command(
    images: Annotated[bool, typer.Option("--pictures", help="Fetched images, too.")] = False,
    discard: Annotated[
        bool, typer.Option("--discard", help="Drop what was changed here and never pushed.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make DATA_DIR a mirror of the object store, for reports and commands."""
    settings, store = _open(data_dir)
    files = pull(store, settings.data_dir, images=images, discard=discard)
    write_runs_json(DataDir(settings.data_dir))
    show({"files": files}, as_json, [f"{files} files came from {store.url}"])


@objects_app.command("push")
def push_command(
    anew: Annotated[
        bool, typer.Option("--anew", help="Take what is here for everything there is.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Commit what was changed here; the first time, everything that is here."""
    settings, store = _open(data_dir)
    _show_pushed(push_all(store, settings.data_dir, "trainer objects push", anew=anew), as_json)


@objects_app.command("status")
def status_command(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Say which commit is the newest, and what was changed here and never pushed."""
    settings, store = _open(data_dir)
    found = compare(store, settings.data_dir)
    if found.head is None:
        lines = [f"nothing is in {store.url} yet; `trainer objects push` puts it there"]
    else:
        lines = [
            f"{store.url}: commit {found.head.number} of {found.tree.at} by {found.tree.by}",
            f"{found.files:,} files, {found.bytes / 1e6:,.1f} MB; {found.missing:,} are not here "
            f"(of {IMAGES}/ only those that a step needs are)",
        ]
    lines += [f"changed here, not pushed: {path}" for path in found.changed[:_SHOWN]]
    if len(found.changed) > _SHOWN:
        lines.append(f"... and {len(found.changed) - _SHOWN:,} more")
    show(asdict(found), as_json, lines)


@objects_app.command("check")
def check_command(
    deep: Annotated[bool, typer.Option("--deep", help="Read and hash every byte.")] = False,
    mend: Annotated[
        bool, typer.Option("--mend", help="Put damaged objects again whose files are here.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """See whether every object is there, of its size; exit code 1 where one is not."""
    settings, store = _open(data_dir)
    found = check_objects(store, settings.data_dir, deep=deep, mend=mend)
    advice = "`trainer objects check --mend` where the file is, or `trainer objects remove` it"
    lines = [*found.mended, *(f"{line}; {advice}" for line in found.damaged)]
    show(asdict(found), as_json, lines or [f"{found.objects:,} objects are there"])
    if found.damaged:
        raise typer.Exit(1)


@objects_app.command("remove")
def remove_command(
    paths: Annotated[list[str], typer.Argument(help="Paths or patterns, relative to DATA_DIR.")],
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give up files of the newest commit, e.g. those whose objects are damaged."""
    settings, store = _open(data_dir)
    _show_pushed(remove(store, settings.data_dir, paths, "trainer objects remove"), as_json)


def _show_pushed(done: Pushed, as_json: bool) -> None:
    number = done.head.number if done.head else None
    said = f"commit {number}: {done.changed} files changed, {done.deleted} deleted"
    content = {"commit": number, "changed": done.changed, "deleted": done.deleted}
    show(content, as_json, [said if number else "nothing to push"])


def _open(data_dir: Path | None) -> tuple[Settings, Store]:
    settings = Settings.load(data_dir)
    store = open_store(settings)
    if store is None:
        raise ConfigError("DATA_DIR is only here; set TRAINER_OBJECT_STORE to s3://bucket/prefix")
    return settings, store
