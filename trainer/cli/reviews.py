"""`trainer reviews ...`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.errors import ConfigError
from trainer.identity.dismissed_reviews import dismiss, dismissed, reopen
from trainer.identity.reviews import Review, read_run_reviews, reviewed
from trainer.runs.record import list_records
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir

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
    run_id, rows = review_rows(data_of(data_dir), run, everything=everything)
    show({"run": run_id, "reviews": rows}, as_json, review_lines(run_id, rows))


@reviews_app.command("leave")
def reviews_leave(
    key: KeyArgument,
    reason: Annotated[str, typer.Option(help="Why, for those who look later.")],
    data_dir: DataDirOption = None,
) -> None:
    """Leave an item as it is: it is not listed again unless it changes."""
    data = data_of(data_dir)
    item = dismiss(data, newest_items(data), key, reason, iso(now()))
    show({}, False, [f"{item.kind} is left as it is: {item.text}"])


@reviews_app.command("ask")
def reviews_ask(key: KeyArgument, data_dir: DataDirOption = None) -> None:
    """Ask again about an item that was left as it is."""
    reopen(data_of(data_dir), key)
    show({}, False, [f"{key} is asked again"])


def review_rows(
    data: DataDir, run: str | None, *, everything: bool = False
) -> tuple[str, list[dict[str, Any]]]:
    """The run and its items to review; with `everything` also those that a person left, whose
    `left` says why. Raises `ConfigError` where there is no such run."""
    run_id = _chosen(data, run)
    known = dismissed(data)
    rows = [
        {"key": item.key, **item.model_dump(mode="json")}
        | ({"left": known[item.key].reason} if item.key in known else {})
        for item in read_run_reviews(data.run(run_id))
    ]
    return run_id, [row for row in rows if everything or "left" not in row]


def newest_items(data: DataDir) -> list[Review]:
    """All items of the newest run that has written any."""
    return read_run_reviews(data.run(_chosen(data, None)))


def _chosen(data: DataDir, run: str | None) -> str:
    known = [entry.run_id for entry in list_records(data) if reviewed(data.run(entry.run_id))]
    if run is None and not known:
        raise ConfigError(
            f"no run in {data.runs} has come to its step `resolve` yet; start one with `trainer "
            "build`"
        )
    run_id = run or known[0]
    if run_id not in known:
        raise ConfigError(f"no run {run_id!r} with reviews in {data.runs}; choose from {known}")
    return run_id


def review_lines(run_id: str, rows: list[dict[str, Any]]) -> list[str]:
    """One line an item, grouped by kind as they are ordered."""
    lines = [f"run {run_id}: {len(rows)} items to review"]
    for row in rows:
        people = ", ".join(map(str, row["performers"]))
        note = f" (left as it is: {row['left']})" if "left" in row else ""
        head = f"  {row['key']} {row['kind']} (performers {people})"
        lines.append(f"{head}: {row['text']}; {row['url']}{note}")
    return lines
