"""What most of a week is: plain matches, and namesakes whom the facts tell apart."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

from tests.identity_cases.drafts import Draft, different, same
from tests.identity_cases.links import (
    ACCOUNTS,
    CATALOGUES,
    JAPANESE,
    cross_link,
    link,
    other_link,
    target,
)
from tests.identity_cases.people import COMMON, Person, invent, namesake, unlike
from tests.identity_cases.records import describe, sources


def name_and_date(rng: random.Random) -> Draft:
    person = invent(rng)
    count = rng.choice((2, 2, 2, 3))
    found = [
        describe(rng, person, source, "birth_date gender")
        for source in sources(rng, count, person.country)
    ]
    for record in found:
        if rng.random() < 0.4:
            record["urls"].append(other_link(rng, person.name, ACCOUNTS))
    return same(*found, note="same name and full birth date, nothing against it")


def linked_record(rng: random.Random) -> Draft:
    person = invent(rng)
    one, two = sources(rng, 2, person.country)
    first, second = describe(rng, person, one), describe(rng, person, two)
    second["urls"].append(cross_link(first))
    if person.others and rng.random() < 0.3:
        second |= {"name": person.others[0], "aliases": [person.name]}
    return same(first, second, note="one record links to the other; a name agrees")


def shared_catalogue(rng: random.Random) -> Draft:
    person = invent(rng)
    sites = JAPANESE if person.country == "JP" else CATALOGUES
    entry = target(rng, person.name, rng.choice(sites))
    found = [describe(rng, person, source) for source in sources(rng, 2, person.country)]
    for record in found:
        record["urls"].append(link(rng, entry))
        if rng.random() < 0.3:
            record["urls"].append(other_link(rng, person.name, ACCOUNTS))
    return same(*found, note="same name and the same numbered catalogue entry")


def shared_account(rng: random.Random) -> Draft:
    person = invent(rng)
    entry = target(rng, person.name, rng.choice(ACCOUNTS))
    found = [describe(rng, person, source) for source in sources(rng, 2, person.country)]
    for record in found:
        record["urls"].append(link(rng, entry))
    if rng.random() < 0.4:
        found[0]["urls"].append(other_link(rng, person.name, CATALOGUES))
    return same(*found, note="same name and the same personal account")


def namesakes_dates(rng: random.Random) -> Draft:
    first = _somebody(rng)
    people = [first, namesake(rng, first)]
    if rng.random() < 0.2:
        people.append(namesake(rng, first, birth=_third(people)))
    keys = sources(rng, len(people))
    found = [
        describe(rng, person, key, "birth_date") for person, key in zip(people, keys, strict=True)
    ]
    for record in found:
        if rng.random() < 0.4:
            record["urls"].append(other_link(rng, first.name, ACCOUNTS + CATALOGUES))
    return different(*found, note="namesakes with different full birth dates")


def namesakes_facts(rng: random.Random) -> Draft:
    first = _somebody(rng)
    if rng.random() < 0.3:
        first = replace(first, name=f"{rng.choice(('Alex', 'Robin', 'Sasha'))} {_last(first)}")
        gender = "MALE" if first.gender == "FEMALE" else "FEMALE"
        second = unlike(rng, first, gender=gender)
    else:
        second = unlike(rng, first)
    told = "gender country ethnicity height_cm eye_color"
    one, two = sources(rng, 2)
    return different(
        describe(rng, first, one, told, rng.choice(("birth_date", ""))),
        describe(rng, second, two, told, "birth_date"),
        note="namesakes whose country, ethnicity and looks differ",
    )


def different_names(rng: random.Random) -> Draft:
    first = invent(rng)
    given = first.name.split()[0]
    second = invent(rng, gender=first.gender, country=first.country)
    way = rng.choice(("first name", "surname", "birthday"))
    if way == "first name":
        second = replace(second, name=f"{given} {_last(second)}")
    elif way == "surname":
        second = replace(second, name=f"{second.name.split()[0]} {_last(first)}")
    else:
        second = replace(second, birth=first.birth, career=first.career + 1)
    if second.name == first.name or (way == "birthday" and second.name.split()[0] == given):
        second = replace(second, name=f"Wilma {_last(second)}")
    if way != "birthday" and second.birth == first.birth:
        second = namesake(rng, first, name=second.name)
    one, two = sources(rng, 2)
    found = describe(rng, first, one, "birth_date"), describe(rng, second, two, "birth_date")
    if way == "first name":
        for record in found:
            record["aliases"] = [given] if rng.random() < 0.6 else []
    return different(*found, note=f"two people who share no more than a {way}")


def _somebody(rng: random.Random) -> Person:
    common = rng.random() < 0.5
    return invent(rng, "english", "FEMALE", name=rng.choice(COMMON)) if common else invent(rng)


def _last(person: Person) -> str:
    return person.name.split()[-1]


def _third(people: list[Person]) -> dt.date:
    """A birth date that neither of two people has."""
    years = {person.birth.year for person in people}
    year = next(y for y in range(1965, 2000, 3) if all(abs(y - other) > 1 for other in years))
    return people[0].birth.replace(year=year, day=15, month=(people[0].birth.month % 12) + 1)
