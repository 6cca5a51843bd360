"""What `trainer exclude add|list|remove|purge` do."""

from __future__ import annotations

from typing import Any

from trainer.config.sources import load_sources
from trainer.errors import ConfigError
from trainer.exclusions.edit import (
    add,
    id_values,
    image_value,
    person_value,
    remember,
    url_value,
)
from trainer.exclusions.entries import Exclusion, Kind, read_entries
from trainer.exclusions.members import Found, find_members
from trainer.exclusions.purge import Purged
from trainer.staging.paths import DataDir


def values(
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


def look(data: DataDir, entries: list[tuple[Kind, str]]) -> list[Found]:
    """Who goes with each, before anything is written."""
    drafts = [Exclusion(kind, value, -n) for n, (kind, value) in enumerate(entries, 1)]
    return list(find_members(data, drafts).values())


def look_lines(entries: list[tuple[Kind, str]], found: list[Found]) -> list[str]:
    return [
        line
        for (kind, value), own in zip(entries, found, strict=True)
        for line in _people_lines(f"{kind} {value}", own)
    ]


def look_rows(entries: list[tuple[Kind, str]], found: list[Found]) -> list[dict[str, Any]]:
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


def add_rows(
    data: DataDir,
    entries: list[tuple[Kind, str]],
    found: list[Found],
    reason: str,
    moment: str,
) -> list[dict[str, Any]]:
    """One row an exclusion, with what was found to belong to it."""
    made = [add(data, kind, value, reason, moment) for kind, value in entries]
    numbers = [entry.number for entry, _ in made]
    remember(data, {n: own.members for n, own in zip(numbers, found, strict=True)})
    stored = {entry.number: entry for entry in read_entries(data)}
    return [
        _row(stored[entry.number]) | {"new": new, "with": own.people}
        for (entry, new), own in zip(made, found, strict=True)
    ]


def add_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = [f"{_line(row)}{'' if row['new'] else ' (was there before)'}" for row in rows]
    return [*lines, "`trainer exclude purge` removes what is here; the next release is without it"]


def list_rows(data: DataDir, everything: bool) -> list[dict[str, Any]]:
    return [_row(entry) for entry in read_entries(data, removed=everything)]


def list_lines(rows: list[dict[str, Any]]) -> list[str]:
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


def purge_lines(done: Purged) -> list[str]:
    lines = [
        f"removed: {done.pictures} pictures, {done.faces} rows of the face caches, {done.rows} "
        f"rows of runs, {done.ledger} URLs of the ledger, {done.texts} texts"
    ]
    if done.with_them:
        lines.append(f"found to be excluded, too: {'; '.join(done.with_them)}")
    if done.candidates:
        lines.append(f"candidates deleted, build again: {', '.join(done.candidates)}")
    if done.packages:
        lines.append(f"zips and deltas deleted, make them again: {', '.join(done.packages)}")
    if done.releases:
        lines.append(
            f"releases that still hold excluded people: {', '.join(done.releases)}; run "
            "`trainer build`, then delete the older ones"
        )
    return lines
