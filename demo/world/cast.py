"""Which people the fifteen sites list in a given week: `sites.yaml` over the population."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from demo import shots
from demo.world.people import (
    CHANGED_IN_WEEK_2,
    Link,
    Person,
    identifier,
    link_of,
    person_of,
    population,
)
from demo.world.site import Appearance

CAST: Final = Path(__file__).with_name("sites.yaml")
BOXES: Final = ("stashdb", "fansdb", "pmvstash", "javstash")
CREATORS: Final = (*BOXES, "theporndb")
STRANGERS: Final = 10_000  # their numbers in time stamps, behind everybody of people.yaml


@cache
def _cast() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load(CAST.read_text(encoding="utf-8"))
    return read


def people_of(site: str, week: int) -> tuple[Person, ...]:
    """Return the records of a site that creates performers, in the world of all sites."""
    if site == "stashdb":
        return tuple(_on_stashdb(person, week) for person in population(week))
    known = _everybody(week)
    return tuple(_on_box(site, known[k], entry) for k, entry in _cast()["boxes"][site].items())


def linked_to_stashdb() -> frozenset[str]:
    """Return the keys of the people whose record at ThePornDB names their StashDB page."""
    return frozenset(_cast()["theporndb_links_to_stashdb"])


def appearances(site: str, week: int) -> dict[str, Appearance]:
    """Return a reference site's pages by slug, in the file's order."""
    known, found = _everybody(week), {}
    for entry in _pages_of(site):
        change = entry.get("week2", {})
        if change.get("new" if week == 1 else "gone"):
            continue
        shown = {**entry, **(change if week == 2 else {})}
        images = _known_images(shown["pictures"], f"{site}: {shown['slug']}")
        person = known[shown["person"]]
        found[shown["slug"]] = Appearance(person, shown["slug"], shown["name"], images)
    return found


def _pages_of(site: str) -> list[dict[str, Any]]:
    """The site's entries in `sites.yaml`, or those that lie beside its look-alike."""
    own = CAST.with_name("sites") / f"{site}.people.yaml"
    listed: list[dict[str, Any]] = _cast()["pages"].get(site) or (
        yaml.safe_load(own.read_text(encoding="utf-8")) if own.exists() else []
    )
    return listed


def only_small(site: str) -> tuple[str, ...]:
    """Return the keys of the pictures that a site has as thumbs, and no longer in full size."""
    return tuple(_cast().get("small_only", {}).get(site, ()))


def _everybody(week: int) -> dict[str, Person]:
    """Return all people by key, as they are in `week`; those who are new to stashdb in week 2 are
    on other sites in week 1."""
    found = {person.key: person for person in (*population(2), *population(week))}
    for number, entry in enumerate(_cast()["people"]):
        found[entry["key"]] = person_of(STRANGERS + number, entry, week)
    return found


def _on_stashdb(person: Person, week: int) -> Person:
    elsewhere = set(_cast()["elsewhere"])
    images = tuple(key for key in person.images if key.partition("/")[2] not in elsewhere)
    dropped = (
        {tuple(link) for link in _cast()["dropped"].get(person.key, ())} if week == 2 else set()
    )
    updated = person.updated
    if dropped and updated < CHANGED_IN_WEEK_2:
        updated = CHANGED_IN_WEEK_2 + timedelta(minutes=30)
    links = (tuple(link) for link in _cast()["links"].get(person.key, ()))
    more = tuple(link_of(site, rest) for site, rest in links if (site, rest) not in dropped)
    return replace(person, images=images, links=person.links + more, updated=updated)


def _on_box(site: str, person: Person, entry: dict[str, Any]) -> Person:
    listed = entry["links"]
    links: tuple[Link, ...] = (
        person.links if listed is None else tuple(link_of(key, rest) for key, rest in listed)
    )
    # ThePornDB's records are made of stashdb's ids: it has its own ids and names those in links.
    number = person.id if site == "theporndb" else identifier("performer", f"{site}:{person.key}")
    return replace(
        person,
        id=number,
        name=entry.get("name", person.name),
        aliases=tuple(entry.get("aliases", person.aliases)),
        links=links,
        images=_known_images(entry.get("pictures", ()), f"{site}: {person.key}"),
        deleted=False,
        merged_ids=(),
        merged_into_id=None,
    )


def _known_images(keys: list[str] | tuple[str, ...], where: str) -> tuple[str, ...]:
    unknown = sorted(set(keys) - set(shots.world_keys()))
    if unknown:
        raise ValueError(f"{CAST}: {where}: the world has no pictures {unknown}")
    return tuple(keys)
