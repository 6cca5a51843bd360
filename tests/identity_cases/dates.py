"""Tricky dates: typing errors, placeholders, and namesakes whose dates are near or the same."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import replace

from tests.identity_cases.drafts import Draft, different, same
from tests.identity_cases.links import (
    ACCOUNTS,
    CATALOGUES,
    NAME_PAGES,
    cross_link,
    link,
    other_link,
    target,
)
from tests.identity_cases.people import COMMON, invent, namesake, unlike
from tests.identity_cases.records import describe, sources


def same_year(rng: random.Random) -> Draft:
    """Truth goes either way on the same evidence, so that nobody can know."""
    person = invent(rng, "english", "FEMALE", name=rng.choice(COMMON))
    year = str(person.birth.year)
    one, two = sources(rng, 2)
    first = describe(rng, person, one, "country gender", birth_date=year)
    note = "same name, birth year and country: no more than that is known"
    if rng.random() < 0.5:
        told = rng.choice((year, person.birth.isoformat()[:7], person.birth.isoformat()))
        second = describe(rng, person, two, "country gender", birth_date=told)
        return same(first, second, note=note, silent=False)
    birth = person.birth.replace(month=person.birth.month % 12 + 1, day=17)
    other = namesake(rng, person, birth=birth)
    if rng.random() < 0.5:
        first["birth_date"] = person.birth.isoformat()
        note = "same name, birth year and country; the day differs"
    second = describe(rng, other, two, "country birth_date")
    if first["birth_date"] == year and rng.random() < 0.5:
        second["birth_date"] = year
    return different(first, second, note=note)


def same_date(rng: random.Random) -> Draft:
    person = invent(rng, "english", name=rng.choice(COMMON))
    way = rng.choice(("looks", "looks", "gender", "entries"))
    one, two = sources(rng, 2)
    told = "birth_date gender country ethnicity height_cm eye_color"
    if way == "gender":
        other_gender = "MALE" if person.gender == "FEMALE" else "FEMALE"
        other = unlike(rng, person, birth=person.birth, gender=other_gender)
    elif way == "entries":
        other = namesake(rng, person, birth=person.birth, height=person.height + 14, country="AU")
    else:
        other = unlike(rng, person, birth=person.birth)
    first, second = describe(rng, person, one, told), describe(rng, other, two, told)
    if way == "entries":
        for record in (first, second):
            record["urls"] = [other_link(rng, person.name, ("imdb",))]
            record["urls"].append(other_link(rng, person.name, ("iafd",)))
    note = f"namesakes with one full birth date whom other facts tell apart: {way}"
    return different(first, second, note=note)


def name_only(rng: random.Random) -> Draft:
    person = invent(rng)
    one, two = sources(rng, 2)
    bare = "birth_date country ethnicity height_cm eye_color hair_color career_start_year aliases"
    first = describe(rng, person, one, "", bare)
    note = "same name, and nothing else but the gender"
    if rng.random() < 0.5:
        return same(first, describe(rng, person, two, "", bare), note=note, silent=False)
    return different(first, describe(rng, namesake(rng, person), two, "", bare), note=note)


def date_typo(rng: random.Random) -> Draft:
    person = invent(rng)
    wrong = _mistyped(rng, person.birth)
    one, two = sources(rng, 2, person.country)
    first = describe(rng, person, one, "birth_date")
    second = describe(rng, replace(person, birth=wrong), two, "birth_date")
    way = rng.choice(("bare", "entry", "linked", "others"))
    if way == "others":
        height = person.height + rng.choice((-11, 12))
        other = namesake(rng, person, birth=wrong, height=height, eyes="BROWN")
        first = describe(rng, replace(person, eyes="BLUE"), one, "birth_date height_cm eye_color")
        second = describe(rng, other, two, "birth_date height_cm eye_color")
        for record in (first, second):
            record["urls"] = [other_link(rng, person.name, ("imdb",))]
        return different(first, second, note="namesakes whose dates differ by one slip only")
    if way == "entry":
        entry = target(rng, person.name, rng.choice(CATALOGUES))
        first["urls"], second["urls"] = [link(rng, entry)], [link(rng, entry)]
    if way == "linked":
        first["urls"].append(cross_link(second))
    return same(first, second, note=f"one date is mistyped: {way}", silent=False)


def _mistyped(rng: random.Random, birth: dt.date) -> dt.date:
    near = birth.year + (1 if birth.year < 1980 else -1)
    ways = [birth.replace(year=near, day=min(birth.day, 28))]
    if birth.day <= 12 and birth.day != birth.month:
        ways.append(birth.replace(month=birth.day, day=birth.month))
    ways.append(birth.replace(day=birth.day + 10 if birth.day <= 18 else birth.day - 10))
    return rng.choice(ways)


def placeholder(rng: random.Random) -> Draft:
    person = invent(rng)
    mark = f"{person.birth.year}-01-01"
    one, two = sources(rng, 2, person.country)
    first = describe(rng, person, one, "gender country", birth_date=mark)
    way = rng.choice(("entry", "entry", "linked", "both", "others", "others"))
    if way == "others":
        other = namesake(rng, person, birth=person.birth.replace(month=7, day=9))
        second = describe(rng, other, two, "gender country", birth_date=mark)
        second["height_cm"] = person.height + 9
        return different(first, second, note="namesakes, both entered with the same 1 January")
    second = describe(rng, person, two, "gender country birth_date")
    if way == "both":
        second["birth_date"] = mark
        note = "both have the same 1 January, which says no more than the year"
        return same(first, second, note=note, silent=False)
    if way == "linked":
        first["urls"].append(cross_link(second))
    else:
        entry = target(rng, person.name, rng.choice(CATALOGUES))
        first["urls"], second["urls"] = [link(rng, entry)], [link(rng, entry)]
    return same(first, second, note=f"1 January stands for the year; {way} agrees")


def crowd(rng: random.Random) -> Draft:
    """Two or three namesakes, each in several sources."""
    first = invent(rng, "english", "FEMALE", name=rng.choice(COMMON), others=())
    people = [first, namesake(rng, first, country=rng.choice(("US", "GB", "CZ")))]
    if rng.random() < 0.5:
        birth = dt.date(people[1].birth.year, 6, 11)
        people.append(namesake(rng, first, birth=birth, eyes="GREY"))
    groups = []
    for number, person in enumerate(people):
        keys = sources(rng, rng.choice((2, 2, 3)))
        groups.append([describe(rng, person, key, "birth_date gender") for key in keys])
        for record in groups[-1]:
            if rng.random() < 0.5:
                record["disambiguation"] = f"born {person.birth.year}"
            if number == 0 and rng.random() < 0.4:
                page = target(rng, person.name, rng.choice(NAME_PAGES))
                record["urls"].append(link(rng, page))
            if rng.random() < 0.3:
                record["urls"].append(other_link(rng, person.name, ACCOUNTS))
    return Draft(groups, "namesakes, each in several sources", groups)
