"""Invented people, before any source describes them."""

from __future__ import annotations

import datetime as dt
import random
import unicodedata
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import yaml

HERE: Final = Path(__file__).parent
_NAMES: Final[dict[str, Any]] = yaml.safe_load((HERE / "names.yaml").read_text(encoding="utf-8"))
VARIANTS: Final[dict[str, str]] = _NAMES.pop("variants")
SINGLE: Final[list[str]] = _NAMES.pop("single")
COMMON: Final[list[str]] = _NAMES.pop("common")
CULTURES: Final = tuple(_NAMES)
# English names are the most frequent ones in community databases, whoever bears them.
_WEIGHTS: Final = [6 if culture == "english" else 1 for culture in CULTURES]

EYES: Final = ("BLUE", "BROWN", "GREEN", "GREY", "HAZEL")
HAIR: Final = ("AUBURN", "BLACK", "BLONDE", "BRUNETTE", "RED")
_FIRST_BIRTH: Final = dt.date(1960, 1, 2)
_LAST_BIRTH: Final = dt.date(2002, 12, 30)


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist; `height` in cm, `career` the year of the first film."""

    name: str
    others: tuple[str, ...]  # further stage names
    gender: str
    birth: dt.date
    country: str
    ethnicity: str
    height: int
    eyes: str
    hair: str
    career: int


def plain(text: str) -> str:
    """`text` without diacritics."""
    parts = unicodedata.normalize("NFKD", text)
    return "".join(part for part in parts if not unicodedata.combining(part))


def invent(
    rng: random.Random, culture: str | None = None, gender: str = "", **fixed: Any
) -> Person:
    """A person; `fixed` sets fields of `Person`."""
    culture = culture or rng.choices(CULTURES, _WEIGHTS)[0]
    words = _NAMES[culture]
    gender = gender or rng.choices(("FEMALE", "MALE"), (6, 1))[0]
    birth = fixed.pop("birth", None) or _birth(rng)
    person = Person(
        name=full_name(rng, words, gender),
        others=tuple(full_name(rng, words, gender) for _ in range(rng.choice((0, 0, 1, 1, 2)))),
        gender=gender,
        birth=birth,
        country=rng.choice(words["countries"]),
        ethnicity=rng.choice(words["ethnicities"]),
        height=rng.randint(152, 178) + (12 if gender.endswith("MALE") and gender[0] == "M" else 0),
        eyes=rng.choice(EYES) if culture != "japanese" else "BROWN",
        hair=rng.choice(HAIR),
        career=min(birth.year + rng.randint(19, 29), 2024),
    )
    return replace(person, **fixed)


def full_name(rng: random.Random, words: dict[str, Any], gender: str) -> str:
    first = rng.choice(words["male" if gender in {"MALE", "TRANSGENDER_MALE"} else "female"])
    return f"{first} {rng.choice(words['heads'])}{rng.choice(words['tails'])}"


def namesake(rng: random.Random, person: Person, **fixed: Any) -> Person:
    """Somebody else of the same name and country, at least two years older or younger."""
    birth = _birth(rng)
    while abs(birth.year - person.birth.year) < 2 or birth.day == person.birth.day:
        birth = _birth(rng)
    same: dict[str, Any] = {
        "name": person.name,
        "birth": birth,
        "country": person.country,
        "gender": person.gender,
        "others": (),
    }
    return invent(rng, **same | fixed)


def unlike(rng: random.Random, person: Person, **fixed: Any) -> Person:
    """Somebody else of the same name who looks different and comes from elsewhere."""
    ethnicity = rng.choice([e for e in ("BLACK", "ASIAN", "CAUCASIAN") if e != person.ethnicity])
    looks = {
        "country": rng.choice([c for c in ("US", "BR", "TH", "FR", "ZA") if c != person.country]),
        "ethnicity": ethnicity,
        "height": person.height + rng.choice((-16, -13, 13, 15)),
        "eyes": "BROWN" if person.eyes in {"BLUE", "GREY", "GREEN"} else "BLUE",
    }
    return namesake(rng, person, **looks | fixed)


def _birth(rng: random.Random) -> dt.date:
    days = (_LAST_BIRTH - _FIRST_BIRTH).days
    # Younger people are listed more often.
    birth = _FIRST_BIRTH + dt.timedelta(days=max(rng.randint(0, days), rng.randint(0, days)))
    # The first of January is what sources write who know the year only.
    return birth.replace(day=2) if (birth.month, birth.day) == (1, 1) else birth
