"""Exclude people and pictures, take it back, and remove what is here of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from reports.actions.reasons import require_reason
from reports.actions.role import require_operator
from reports.actions.stored import stores
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
from trainer.exclusions.members import preview_members, store_exclusions
from trainer.exclusions.purge import Purged, purge
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir

By = Literal["id", "url", "person", "image"]
Entries = list[tuple[Kind, str]]


@dataclass(frozen=True)
class Preview:
    """What would be stored, and who else goes with each: record -> name and why."""

    entries: Entries
    people: dict[str, str]
    images: int


def listed(data: DataDir) -> list[Exclusion]:
    """Newest first, those taken back, too."""
    return sorted(read_entries(data, removed=True), key=lambda entry: -entry.number)


def entries_of(data: DataDir, by: By, text: str, born: str = "") -> Entries:
    """What a person typed, in its one spelling; raises `ConfigError`."""
    if not text.strip():
        raise ConfigError("nothing is given; name an id, an address, a person or a picture")
    if by == "id":
        return [("id", value) for value in id_values(data, load_sources(data.root), text.strip())]
    if by == "url":
        return [("url", url_value(text.strip()))]
    if by == "image":
        return [("image", image_value(text))]
    return [("person", person_value(text, born.strip()))]


def preview(data: DataDir, entries: Entries) -> Preview:
    """Who goes with it; stores nothing."""
    found = preview_members(data, entries)
    images = {value for own in found for kind, value in own.members if kind == "image"}
    people = {record: why for own in found for record, why in own.people.items()}
    return Preview(entries, dict(sorted(people.items())), len(images))


@stores("exclude add")
def exclude(data: DataDir, entries: Entries, reason: str) -> str:
    """Store it, with everybody who goes with it; returns a sentence."""
    require_operator()
    why, moment = require_reason(reason), iso(now())
    found = preview_members(data, entries)
    made = store_exclusions(data, entries, found, why, moment)
    new = sum(is_new for _, is_new in made)
    before = len(made) - new
    also = f" ({before} were there before)" if before else ""
    return f"{new} exclusions are added{also}; the next release is without them"


@stores("exclude remove")
def take_back(data: DataDir, number: int) -> str:
    require_operator()
    entry = remove(data, number, iso(now()))
    return f"{entry.kind} {entry.value} is not excluded any more; the next build reads it again"


@stores("exclude purge")
def purge_now(data: DataDir) -> Purged:
    """Delete what is here of excluded people; raises `StageFailed` while a build runs."""
    require_operator()
    return purge(data)


def purged_lines(done: Purged) -> list[str]:
    """For people."""
    removed = (
        f"{done.pictures:,} pictures, {done.faces:,} rows of the face caches, {done.rows:,} rows "
        f"of runs, {done.ledger:,} addresses and {done.texts:,} texts are removed"
    )
    return [removed, *done.follow_up()]
