"""ThePornDB's look-alike: the list and the single performer of its REST API, as plain values."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, unquote, urlencode

from demo.world.people import SITES, Person, identifier

MAX_PER_PAGE: Final = 100
DEFAULT_PER_PAGE: Final = 25
STASHDB: Final = "https://stashdb.org/performers/"
GENDERS: Final = {
    "FEMALE": "Female",
    "MALE": "Male",
    "TRANSGENDER_FEMALE": "Trans Female",
    "TRANSGENDER_MALE": "Trans Male",
    "INTERSEX": "Intersex",
    "NON_BINARY": "Non Binary",
}
# Values that this API spells in other words than a stash-box.
_WORDS: Final = {"MIDDLE_EASTERN": "Middle Eastern"}
STAND_IN: Final = "https://cdn.theporndb.net/performer/default_{:02d}.png"
# What the API has fields for and this world knows nothing of.
UNKNOWN: Final = (
    *(
        "birthday_timestamp",
        "astrology",
        "weight",
        "measurements",
        "cupsize",
        "tattoos",
        "piercings",
    ),
    *("first_seen", "waist", "hips", "fake_boobs", "same_sex_only", "active"),
)
Reply = tuple[int, dict[str, Any]]


@dataclass(frozen=True)
class PornDb:
    """`answer` gives (status, JSON) for a path; pure, so that any server can show it."""

    people: Sequence[Person]
    image_url: Callable[[str], str]  # picture key -> URL
    key: str  # the token that is let in
    base_url: str = "https://api.theporndb.net"
    linked: Collection[str] = ()  # keys of the people whose record names their StashDB page
    total_offset: int = 0  # what the total is off by

    def answer(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """`headers`: names in any case. 401 without the token, 404 for anything unknown."""
        if not self._lets_in(headers):
            return 401, {"message": "Unauthenticated."}
        rows = sorted((p for p in self.people if not p.deleted), key=lambda p: (p.name, p.id))
        if path == "/performers":
            return 200, self._page(rows, query)
        wanted = unquote(path.removeprefix("/performers/"))
        found = next((p for p in rows if wanted in (record_id(p), slug(p))), None)
        if found is None or path == wanted:
            return 404, {"message": "Nothing is here."}
        return 200, {"data": self._record(found)}

    def _lets_in(self, headers: Mapping[str, str]) -> bool:
        given = {name.lower(): value for name, value in headers.items()}.get("authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {self.key}".encode())

    def _page(self, rows: Sequence[Person], query: Mapping[str, str]) -> dict[str, Any]:
        page = max(_number(query.get("page"), 1), 1)
        per_page = min(_number(query.get("per_page"), DEFAULT_PER_PAGE), MAX_PER_PAGE)
        per_page = per_page if per_page > 0 else DEFAULT_PER_PAGE
        start = (page - 1) * per_page
        shown = rows[start : start + per_page]
        total = max(len(rows) + self.total_offset, 0)
        last = max(-(-total // per_page), 1)
        return {
            "data": [self._record(person) for person in shown],
            "links": {
                "first": self._address(1, per_page),
                "last": self._address(last, per_page),
                "prev": self._address(page - 1, per_page) if page > 1 else None,
                "next": self._address(page + 1, per_page) if page < last else None,
            },
            "meta": {
                "current_page": page,
                "from": start + 1 if shown else None,
                "last_page": last,
                "path": f"{self.base_url}/performers",
                "per_page": per_page,
                "to": start + len(shown) if shown else None,
                "total": total,
            },
        }

    def _address(self, page: int, per_page: int) -> str:
        return f"{self.base_url}/performers?{urlencode({'page': page, 'per_page': per_page})}"

    def _stand_in(self, number: int) -> str:
        """A signed size of the picture that stands for a missing one."""
        return f"{self.base_url}/signed=/{quote(STAND_IN.format(number), safe='')}"

    def _record(self, person: Person) -> dict[str, Any]:
        """The first picture is the face that the API cut out; the last one is shown twice. Who has
        none has a stand-in, another one in each place."""
        urls = [self.image_url(key) for key in person.images]
        shown = (urls[0], urls[-1], urls[-1]) if urls else map(self._stand_in, (3, 12, 7))
        face, image, thumbnail = shown
        return {
            "id": record_id(person),
            "_id": int(identifier("porndb", person.key)[:8], 16),
            "slug": slug(person),
            "name": person.name,
            "full_name": person.name,
            "disambiguation": person.disambiguation or "",
            "bio": "",
            "rating": 0,
            "is_parent": True,
            "extras": self._extras(person),
            # Long lists of names come as one text.
            "aliases": list(person.aliases)
            if len(person.aliases) < 10
            else ",".join(person.aliases),
            "image": image,
            "thumbnail": thumbnail,
            "face": face,
            "posters": [
                {"id": number, "url": url, "size": 0, "order": number}
                for number, url in enumerate(urls[1:], 1)
            ],
        }

    def _extras(self, person: Person) -> dict[str, Any]:
        links = {SITES[link.site][0]: link.url for link in person.links}
        if person.key in self.linked:
            links["StashDB"] = STASHDB + person.id
        return {
            "gender": GENDERS.get(person.gender or ""),
            "birthday": _whole_day(person.birth_date),
            "deathday": _whole_day(person.death_date),
            **_origin(person.country),
            "ethnicity": _words(person.ethnicity),
            "eye_colour": _words(person.eye_color),
            "hair_colour": _words(person.hair_color),
            "height": f"{person.height}cm" if person.height else "",
            "career_start_year": person.career_start_year or 0,
            "career_end_year": person.career_end_year or 0,
            **dict.fromkeys(UNKNOWN),
            # An empty mapping is an empty list in this API's JSON.
            "links": links or [],
        }


def record_id(person: Person) -> str:
    """The permanent id that the API gives to a person."""
    return identifier("porndb", person.key)


def slug(person: Person) -> str:
    """Return the slug of a person's name, in lower case with hyphens."""
    return "-".join(person.name.lower().split())


def _origin(country: str | None) -> dict[str, str | None]:
    """As people write a nationality; the code is guessed from the birthplace, and wrong for many
    places in the United States."""
    if country == "US":
        return {"nationality": "American", "birthplace": "Reno, Nevada", "birthplace_code": "VI"}
    spelled = {"GB": "UK"}.get(country or "", country)
    return {"nationality": spelled, "birthplace": None, "birthplace_code": None}


def _whole_day(fuzzy: str | None) -> str | None:
    """The API knows whole days only."""
    return fuzzy if fuzzy and fuzzy.count("-") == 2 else None


def _words(value: str | None) -> str | None:
    return _WORDS.get(value, value.capitalize()) if value else None


def _number(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise
