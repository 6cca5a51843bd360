"""`trainer reviews ...`."""

from __future__ import annotations

from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show

reviews_app = typer.Typer(help="What a person has to look at: contradictions, unconfirmed pages.")
KeyArgument = Annotated[str, typer.Argument(help="An item's key, as `trainer reviews` prints it.")]


@reviews_app.callback(invoke_without_command=True)
def reviews(
    context: typer.Context,
    run: Annotated[
        str | None, typer.Option(help="A run; default: the newest with reviews.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also those left as they are.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what a person has to look at: contradictions and unconfirmed pages."""
    if context.invoked_subcommand is not None:
        return
    from trainer.commands.reviews import review_lines, review_rows

    run_id, rows = review_rows(data_of(data_dir), run, everything=everything)
    show({"run": run_id, "reviews": rows}, as_json, review_lines(run_id, rows))


@reviews_app.command("leave")
def reviews_leave(
    key: KeyArgument,
    reason: Annotated[str, typer.Option(help="Why, for those who look later.")],
    data_dir: DataDirOption = None,
) -> None:
    """Leave an item as it is: it is not listed again unless it changes."""
    from trainer.commands.reviews import newest_items
    from trainer.identity.dismissed_reviews import leave
    from trainer.staging.clock import iso, now

    data = data_of(data_dir)
    item = leave(data, newest_items(data), key, reason, iso(now()))
    show({}, False, [f"{item.kind} is left as it is: {item.text}"])


@reviews_app.command("ask")
def reviews_ask(key: KeyArgument, data_dir: DataDirOption = None) -> None:
    """Ask again about an item that was left as it is."""
    from trainer.identity.dismissed_reviews import ask_again

    ask_again(data_of(data_dir), key)
    show({}, False, [f"{key} is asked again"])
