"""The world's population in a given week, read from `people.yaml`."""

from __future__ import annotations

import calendar
import fnmatch
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from demo import shots

PEOPLE: Final = Path(__file__).with_name("people.yaml")
NAMESPACE: Final = uuid.UUID("6f1d3c1e-8d52-5a0e-9f0b-3c7d5a1e2b40")
YEAR: Final = datetime(2026, 1, 1, 6, tzinfo=UTC)
CHANGED_IN_WEEK_2: Final = datetime(2026, 11, 9, 6, tzinfo=UTC)
# Many records of a real stash-box were imported in one go and share their creation time.
IMPORTED: Final = datetime(2019, 12, 1, tzinfo=UTC)

SITES: Final = {
    "iafd": ("IAFD", "https://www.iafd.com/person.rme/perfid="),
    "imdb": ("IMDb", "https://www.imdb.com/name/nm"),
    "wikidata": ("Wikidata", "https://www.wikidata.org/wiki/Q"),
    "twitter": ("Twitter", "https://twitter.com/"),
    "instagram": ("Instagram", "https://www.instagram.com/"),
    "babepedia": ("Babepedia", "https://www.babepedia.com/babe/"),
    "freeones": ("FreeOnes", "https://www.freeones.com/"),
    "boobpedia": ("Boobpedia", "https://www.boobpedia.com/boobs/"),
    "thenude": ("theNude", "https://www.thenude.com/"),
    "afdb": ("Adult Film Database", "https://www.adultfilmdatabase.com/actor/"),
    "pornpics": ("PornPics", "https://www.pornpics.com/pornstars/"),
    "elitebabes": ("EliteBabes", "https://www.elitebabes.com/model/"),
    "javdatabase": ("JAVDatabase", "https://www.javdatabase.com/idols/"),
    "indexxx": ("Indexxx", "https://www.indexxx.com/m/"),
}


@dataclass(frozen=True)
class Link:
    site: str  # key of SITES
    url: str


@dataclass(frozen=True)
class Person:
    """A performer's record in one week. Dates are fuzzy: YYYY, YYYY-MM or YYYY-MM-DD."""

    key: str
    id: str
    name: str
    disambiguation: str | None
    aliases: tuple[str, ...]
    gender: str | None
    birth_date: str | None
    death_date: str | None
    country: str | None
    ethnicity: str | None
    eye_color: str | None
    hair_color: str | None
    height: int | None
    career_start_year: int | None
    career_end_year: int | None
    scene_count: int
    tattoos: tuple[tuple[str, str | None], ...]
    piercings: tuple[tuple[str, str | None], ...]
    links: tuple[Link, ...]
    images: tuple[str, ...]  # keys of demo.shots.world_keys()
    deleted: bool
    merged_ids: tuple[str, ...]
    merged_into_id: str | None
    created: datetime
    updated: datetime
    duplicate: str | None  # key of the record that is the same person, where that is meant


def identifier(kind: str, key: str) -> str:
    """The permanent UUID of a performer, image or site of the world."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}:{key}"))


@cache
def population(week: int) -> tuple[Person, ...]:
    """Every record that exists in `week` (1 or 2), deleted ones among them, in file order."""
    if week not in (1, 2):
        raise ValueError(f"the demo world has weeks 1 and 2, not {week}")
    raw = yaml.safe_load(PEOPLE.read_text(encoding="utf-8"))["performers"]
    merges = _merges(raw) if week == 2 else {}
    return tuple(
        _person(number, entry, week, merges)
        for number, entry in enumerate(raw)
        if week == 2 or not entry.get("week2", {}).get("new")
    )


def _merges(raw: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Target key -> keys merged into it."""
    merges: dict[str, list[str]] = {}
    for entry in raw:
        target = entry.get("week2", {}).get("merged_into")
        if target:
            merges.setdefault(target, []).append(entry["key"])
    return merges


def link_of(site: str, rest: str) -> Link:
    """A link to `rest` on a site of SITES, spelled as stash-boxes spell it."""
    return Link(site, SITES[site][1] + rest)


def person_of(number: int, entry: dict[str, Any], week: int) -> Person:
    """A record spelled as in people.yaml; `number` keeps simultaneous changes apart."""
    return _person(number, entry, week, {})


def _person(number: int, entry: dict[str, Any], week: int, merges: dict[str, list[str]]) -> Person:
    change = dict(entry.get("week2", {})) if week == 2 else {}
    target = change.get("merged_into")
    fields = {**entry, **change}
    start, end = fields.get("career", (None, None))
    moved = bool(change)
    # Seconds keep simultaneous changes apart, as they are on a real server.
    updated = (
        CHANGED_IN_WEEK_2 + timedelta(hours=number)
        if moved
        else YEAR + timedelta(days=fields["day"] - 1, seconds=number)
    )
    return Person(
        key=fields["key"],
        id=identifier("performer", fields["key"]),
        name=fields["name"],
        disambiguation=fields.get("disambiguation"),
        aliases=_aliases(fields),
        gender=fields.get("gender"),
        birth_date=_date(fields.get("born")),
        death_date=_date(fields.get("died")),
        country=fields.get("country"),
        ethnicity=fields.get("ethnicity"),
        eye_color=fields.get("eyes"),
        hair_color=fields.get("hair"),
        height=fields.get("height"),
        career_start_year=start,
        career_end_year=end,
        scene_count=fields["scenes"],
        tattoos=tuple((place, what) for place, what in fields.get("tattoos", ())),
        piercings=tuple((place, what) for place, what in fields.get("piercings", ())),
        links=tuple(link_of(site, rest) for site, rest in fields.get("links", ())),
        images=_images(fields),
        deleted=bool(target or change.get("deleted")),
        merged_ids=tuple(identifier("performer", k) for k in merges.get(fields["key"], ())),
        merged_into_id=identifier("performer", target) if target else None,
        created=_created(number, bool(change.get("new")), updated),
        updated=updated,
        duplicate=fields.get("duplicate"),
    )


def _created(number: int, new: bool, updated: datetime) -> datetime:
    if new:
        return updated
    return IMPORTED if number % 3 else IMPORTED + timedelta(days=30 * number)


def _aliases(fields: dict[str, Any]) -> tuple[str, ...]:
    counted = (f"Willa Alias {n:03d}" for n in range(1, fields.get("alias_count", 0) + 1))
    return (*fields.get("aliases", ()), *counted)


def _date(value: Any) -> str | None:
    """YAML reads a full date as a date and a year as a number; the world speaks text."""
    return None if value is None else str(value)


def _images(fields: dict[str, Any]) -> tuple[str, ...]:
    patterns: list[str] = fields.get("pictures", [])
    out = [p[1:] for p in patterns if p.startswith("!")]
    chosen: list[str] = []
    for pattern in (p for p in patterns if not p.startswith("!")):
        found = fnmatch.filter(shots.world_keys(), pattern)
        if not found:
            raise ValueError(f"{PEOPLE}: {fields['key']}: no picture matches {pattern!r}")
        chosen += [k for k in found if not any(fnmatch.fnmatch(k, o) for o in out)]
    return tuple(chosen)


def latest_birthday(person: Person) -> str | None:
    """The last day that the fuzzy birth date allows, as YYYY-MM-DD."""
    if person.birth_date is None:
        return None
    year, month, day = (*map(int, person.birth_date.split("-")), 0, 0)[:3]
    month = month or 12
    day = day or calendar.monthrange(year, month)[1]
    return f"{year:04d}-{month:02d}-{day:02d}"
