"""`trainer exclude ...`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.config.sources import load_sources
from trainer.errors import ConfigError
from trainer.exclusions.edit import (
    id_values,
    image_value,
    person_value,
    remove,
    url_value,
)
from trainer.exclusions.entries import Exclusion, Kind, read_entries
from trainer.exclusions.list_file import bring_in
from trainer.exclusions.members import Found, preview_members, store_exclusions
from trainer.exclusions.purge import Purged, purge
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir

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
    data = data_of(data_dir)
    entries = _values(data, number, url, (person, born), image)
    found = preview_members(data, entries)
    if dry_run or not as_json:  # said before it is stored
        show(_look_rows(entries, found), as_json, _look_lines(entries, found))
    if dry_run:
        return
    rows = _add_rows(data, entries, found, reason, iso(now()))
    show(rows, as_json, _add_lines(rows))


@exclude_app.command("list")
def exclude_list(
    everything: Annotated[bool, typer.Option("--all", help="Also those taken back.")] = False,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who and what is excluded."""
    data = data_of(data_dir)
    bring_in(data)
    rows = _list_rows(data, everything)
    show(rows, as_json, _list_lines(rows))


@exclude_app.command("remove")
def exclude_remove(
    number: Annotated[int, typer.Argument(help="As `trainer exclude list` shows it.")],
    data_dir: DataDirOption = None,
) -> None:
    """Take an exclusion back."""
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
    done = purge(data_of(data_dir))
    show(asdict(done), as_json, _purge_lines(done))


def _values(
    data: DataDir,
    number: str | None,
    url: str | None,
    person: tuple[str | None, str | None],
    image: str | None,
) -> list[tuple[Kind, str]]:
    """Exactly one kind, in its one spelling; raises `ConfigError` with the reason."""
    name, born = person
    if sum(given is not None for given in (number, url, name, image)) != 1:
        raise ConfigError("give one of --id, --url, --person (with --born) and --image")
    if (name is None) != (born is None):
        raise ConfigError(
            "--person and --born belong together, since a name alone hits others, too; give both"
        )
    if number is not None:
        return [("id", v) for v in id_values(data, load_sources(data.root), number)]
    if url is not None:
        return [("url", url_value(url))]
    if image is not None:
        return [("image", image_value(image))]
    assert name is not None and born is not None
    return [("person", person_value(name, born))]


def _look_lines(entries: list[tuple[Kind, str]], found: list[Found]) -> list[str]:
    return [
        line
        for (kind, value), own in zip(entries, found, strict=True)
        for line in _people_lines(f"{kind} {value}", own)
    ]


def _look_rows(entries: list[tuple[Kind, str]], found: list[Found]) -> list[dict[str, Any]]:
    return [
        {"kind": kind, "value": value, "with": own.people}
        for (kind, value), own in zip(entries, found, strict=True)
    ]


def _people_lines(what: str, own: Found) -> list[str]:
    if not own.people:
        return [f"{what}: no other record goes with it"]
    return [
        f"{what}: {len(own.people)} other records go with it",
        *(f"  {record}: {why}" for record, why in sorted(own.people.items())),
    ]


def _add_rows(
    data: DataDir,
    entries: list[tuple[Kind, str]],
    found: list[Found],
    reason: str,
    moment: str,
) -> list[dict[str, Any]]:
    """One row per exclusion, with what was found to belong to it."""
    made = store_exclusions(data, entries, found, reason, moment)
    stored = {entry.number: entry for entry in read_entries(data)}
    return [
        _row(stored[entry.number]) | {"new": new, "with": own.people}
        for (entry, new), own in zip(made, found, strict=True)
    ]


def _add_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = [f"{_line(row)}{'' if row['new'] else ' (was there before)'}" for row in rows]
    return [*lines, "`trainer exclude purge` removes what is here; the next release is without it"]


def _list_rows(data: DataDir, everything: bool) -> list[dict[str, Any]]:
    return [_row(entry) for entry in read_entries(data, removed=everything)]


def _list_lines(rows: list[dict[str, Any]]) -> list[str]:
    return [_line(row) for row in rows] or ["nobody is excluded"]


def _row(entry: Exclusion) -> dict[str, Any]:
    kinds = [kind for kind, _ in entry.members]
    return {
        "number": entry.number,
        "kind": entry.kind,
        "value": entry.value,
        "reason": entry.reason,
        "added_at": entry.added_at,
        "removed_at": entry.removed_at,
        "records": kinds.count("id") + kinds.count("found"),
        "pictures": kinds.count("image"),
    }


def _line(row: dict[str, Any]) -> str:
    back = f", taken back {row['removed_at']}" if row["removed_at"] else ""
    return (
        f"{row['number']}: {row['kind']} {row['value']}, {row['added_at']}{back}: {row['reason']}; "
        f"with it {row['records']} records, {row['pictures']} pictures"
    )


def _purge_lines(done: Purged) -> list[str]:
    lines = [
        f"removed: {done.pictures} pictures, {done.faces} rows of the face caches, {done.rows} "
        f"rows of runs, {done.ledger} URLs of the ledger, {done.texts} texts"
    ]
    return [*lines, *done.follow_up()]
