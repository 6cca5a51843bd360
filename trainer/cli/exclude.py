"""`trainer exclude ...`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.staging.clock import iso, now

exclude_app = typer.Typer(no_args_is_help=True, help="People and pictures that are to stay out.")


@exclude_app.command("add")
def exclude_add(
    reason: Annotated[str, typer.Option(help="Why: who asked, and when.")],
    number: Annotated[
        str | None, typer.Option("--id", help="SOURCE:ID, a universal id, or a performer's number.")
    ] = None,
    url: Annotated[str | None, typer.Option(help="A profile, a page or a picture.")] = None,
    person: Annotated[str | None, typer.Option(help="A name; needs --born.")] = None,
    born: Annotated[str | None, typer.Option(help="The whole birth date, YYYY-MM-DD.")] = None,
    image: Annotated[str | None, typer.Option(help="sha256, or phash: and 16 digits.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say who goes with it; store nothing.")
    ] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Exclude a person or a picture from every later crawl and release."""
    from trainer.commands import exclude

    data = data_of(data_dir)
    entries = exclude.values(data, number, url, (person, born), image)
    found = exclude.look(data, entries)
    if dry_run or not as_json:  # said before it is stored
        show(exclude.look_rows(entries, found), as_json, exclude.look_lines(entries, found))
    if dry_run:
        return
    rows = exclude.add_rows(data, entries, found, reason, iso(now()))
    show(rows, as_json, exclude.add_lines(rows))


@exclude_app.command("list")
def exclude_list(
    everything: Annotated[bool, typer.Option("--all", help="Also those taken back.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who and what is excluded."""
    from trainer.commands.exclude import list_lines, list_rows

    rows = list_rows(data_of(data_dir), everything)
    show(rows, as_json, list_lines(rows))


@exclude_app.command("remove")
def exclude_remove(
    number: Annotated[int, typer.Argument(help="As `trainer exclude list` shows it.")],
    data_dir: DataDirOption = None,
) -> None:
    """Take an exclusion back."""
    from trainer.exclusions.edit import remove

    entry = remove(data_of(data_dir), number, iso(now()))
    lines = [f"{entry.kind} {entry.value} is not excluded any more"]
    if entry.kind == "image":
        lines.append("the picture is asked for again when its record is crawled")
    else:
        lines.append(
            "the next build reads its sources whole, not only what was updated, to bring the "
            "records back; a source that is not in that build catches up in its next one"
        )
    show({}, False, lines)


@exclude_app.command("purge")
def exclude_purge(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Delete the pictures, vectors and records of excluded people that are here."""
    from trainer.commands.exclude import purge_lines
    from trainer.exclusions.purge import purge

    done = purge(data_of(data_dir))
    show(asdict(done), as_json, purge_lines(done))
