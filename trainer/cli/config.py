"""`trainer config ...`: the operator's sources.yaml and gate.yaml, without an editor."""

from __future__ import annotations

from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.cli.config_lines import history_lines, value_lines
from trainer.config.settings_rows import settings_rows
from trainer.overrides import history as changes
from trainer.overrides.entries import history
from trainer.overrides.listing import overridden, values_of
from trainer.overrides.names import Change, name_of, value_of
from trainer.overrides.proposal import propose
from trainer.staging.paths import DataDir

config_app = typer.Typer(
    help="See and change what sources.yaml and gate.yaml in DATA_DIR override.",
    no_args_is_help=True,
)
BY = "command line"
NameArgument = Annotated[str, typer.Argument(help="iafd.enabled, gate.default.min_rank_1.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")]


@config_app.command("get")
def config_get(
    name: Annotated[
        str | None,
        typer.Argument(help="A source, `gate`, or one value; default: what you changed."),
    ] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show values in force; those that are yours are marked."""
    data = data_of(data_dir)
    rows = values_of(data, name_of(name)) if name else overridden(data)
    show([row._asdict() for row in rows], as_json, value_lines(rows))


@config_app.command("set")
def config_set(
    name: NameArgument,
    value: Annotated[str, typer.Argument(help="As in YAML: true, 30, [FEMALE], null.")],
    dry_run: DryRunOption = False,
    data_dir: DataDirOption = None,
) -> None:
    """Set a value: checked, written whole, and kept in the history."""
    _change(data_of(data_dir), Change(name_of(name), value_of(value)), dry_run)


@config_app.command("unset")
def config_unset(
    name: NameArgument, dry_run: DryRunOption = False, data_dir: DataDirOption = None
) -> None:
    """Leave a value, or all values of a source, to what is shipped."""
    _change(data_of(data_dir), Change(name_of(name), unset=True), dry_run)


@config_app.command("history")
def config_history(
    with_diff: Annotated[bool, typer.Option("--diff", help="With the lines that changed.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the changes that were made here and on the pages, newest first."""
    entries = history(data_of(data_dir))
    rows = [entry.model_dump(mode="json") | {"diff": entry.diff} for entry in entries]
    show(rows, as_json, history_lines(entries, with_diff=with_diff))


@config_app.command("undo")
def config_undo(data_dir: DataDirOption = None) -> None:
    """Take the last change back; again, the one before it."""
    entry = changes.undo(data_of(data_dir))
    show(
        {},
        False,
        [f"change {entry.number} is taken back: {entry.file} is as before ({entry.what})"],
    )


@config_app.command("settings")
def config_settings(as_json: JsonOption = False) -> None:
    """List the settings of the environment; of secrets, only whether they are set."""
    rows = settings_rows()
    lines = [f"{r.variable}: {r.value}{' (default)' if r.default else ''}" for r in rows]
    show([row._asdict() for row in rows], as_json, lines)


def _change(data: DataDir, change: Change, dry_run: bool) -> None:
    proposal = propose(data, [change])
    lines = [proposal.diff] if proposal.diff else []
    if not dry_run:
        entry = changes.write(data, proposal, BY)
        lines.append(f"change {entry.number} is written to {entry.file}; the next build uses it")
    elif not lines:
        lines = [f"{proposal.what}: it is so already"]
    show({}, False, lines)
