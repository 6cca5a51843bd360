"""How sources describe a person: with gaps, roundings and small mistakes."""

from __future__ import annotations

import random
import uuid
from typing import Any, Final

from tests.identity_cases.people import HAIR, Person

Record = dict[str, Any]

STASH_BOXES: Final = ("stashdb", "fansdb", "javstash", "pmvstash")
SOURCES: Final = (*STASH_BOXES, "theporndb")
_OFTEN: Final = ("stashdb", "stashdb", "stashdb", "theporndb", "theporndb", "theporndb", *SOURCES)
# Share of the facts that a source does not know.
_GAPS: Final = {"stashdb": 0.3, "theporndb": 0.4, "fansdb": 0.6, "javstash": 0.4, "pmvstash": 0.7}
_GENDERLESS: Final = {"theporndb": 0.15}
_FACTS: Final = ("country", "ethnicity", "height_cm", "eye_color", "hair_color")
_ALIKE: Final = {"GREEN": "HAZEL", "HAZEL": "GREEN", "BLUE": "GREY", "GREY": "BLUE"}


def sources(rng: random.Random, count: int, country: str = "") -> list[str]:
    """`count` different sources, the large ones more often; JAVStash lists Japanese people only."""
    pool = [*_OFTEN, *["javstash"] * 6] if country == "JP" else [*_OFTEN]
    found: list[str] = []
    while len(found) < count:
        candidate = rng.choice(pool)
        if candidate not in found and (candidate != "javstash" or country == "JP"):
            found.append(candidate)
    return found


def describe(
    rng: random.Random, person: Person, source: str, keep: str = "", drop: str = "", **values: Any
) -> Record:
    """A record of `person`; `keep` and `drop` name fields that must be told exactly or not at all.

    `values` are taken as they are. A birth date that is not kept may be missing or the year only.
    """
    facts = _facts(rng, person, keep.split())
    for field in (*_FACTS, "birth_date", "career_start_year"):
        gap = _GAPS[source] * (0.6 if field == "birth_date" else 1)
        if field in drop.split() or (field not in keep.split() and rng.random() < gap):
            facts[field] = None
    if "gender" not in keep.split() and rng.random() < _GENDERLESS.get(source, 0.03):
        facts["gender"] = None
    return {
        "source": source,
        "source_id": str(uuid.UUID(int=rng.getrandbits(128), version=4)),
        "name": person.name,
        "aliases": _aliases(rng, person) if "aliases" not in drop.split() else [],
        "disambiguation": None,
        **facts,
        "urls": [],
        "merged_ids": [],
        "merged_into_id": None,
        "deleted": False,
        **values,
    }


def _facts(rng: random.Random, person: Person, keep: list[str]) -> dict[str, Any]:
    birth = person.birth.isoformat()
    if "birth_date" not in keep and rng.random() < 0.15:
        birth = rng.choice((birth[:4], birth[:7]))
    hair, eyes = person.hair, person.eyes
    if "hair_color" not in keep and rng.random() < 0.25:
        hair = rng.choice(HAIR)
    if "eye_color" not in keep and rng.random() < 0.06:
        eyes = _ALIKE.get(eyes, eyes)
    # Feet and inches come back as centimetres that are off by a little.
    height = person.height if "height_cm" in keep else person.height + rng.choice((-2, 0, 0, 0, 1))
    career = person.career if "career_start_year" in keep else person.career + rng.choice((0, 0, 1))
    return {
        "birth_date": birth,
        "country": person.country,
        "gender": person.gender,
        "ethnicity": person.ethnicity,
        "height_cm": height,
        "eye_color": eyes,
        "hair_color": hair,
        "career_start_year": career,
    }


def _aliases(rng: random.Random, person: Person) -> list[str]:
    found = [other for other in person.others if rng.random() < 0.6]
    words = person.name.split()
    if len(words) > 1 and rng.random() < 0.25:
        found.append(words[0])  # the first name alone, as many studios credit people
    if len(words) > 1 and rng.random() < 0.1:
        found.append(f"{words[0]} {words[-1][0]}.")
    return found
