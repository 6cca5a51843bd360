"""Tricky names: changed, spelled otherwise, of one word, crossing, borne by two at once."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.identity_cases.drafts import Draft, different, same
from tests.identity_cases.links import ACCOUNTS, CATALOGUES, cross_link, link, other_link, target
from tests.identity_cases.people import SINGLE, VARIANTS, Person, invent, namesake, plain, unlike
from tests.identity_cases.records import Record, describe, sources


def one_word(rng: random.Random) -> Draft:
    person = invent(rng, name=rng.choice(SINGLE), gender="FEMALE", others=())
    one, two = sources(rng, 2, person.country)
    way = rng.choice(("facts", "link", "bare", "other", "other", "other year"))
    if way == "facts":
        told = "birth_date gender country height_cm"
        return same(
            describe(rng, person, one, told),
            describe(rng, person, two, told),
            note="one word, but full birth date, country and height agree",
        )
    if way == "link":
        first, second = describe(rng, person, one), describe(rng, person, two)
        second["urls"].append(cross_link(first))
        return same(first, second, note="one word, and one record links to the other")
    if way == "bare":
        first = describe(rng, person, one, "country", birth_date=str(person.birth.year))
        second = describe(rng, person, two, "country", birth_date=str(person.birth.year))
        return same(first, second, note="one word, birth year and country only", silent=False)
    year = way == "other year"
    other = namesake(rng, person) if year else namesake(rng, person, birth=person.birth)
    shown = describe(rng, other, two, "birth_date country" if year else "country", "aliases")
    if not year:
        shown["birth_date"] = str(person.birth.year)
        shown["height_cm"] = person.height + rng.choice((-9, 8, 10))
    first = describe(rng, person, one, "birth_date country height_cm", "aliases")
    return different(first, shown, note="two people who use the same one word")


def name_change(rng: random.Random) -> Draft:
    person = invent(rng)
    old = person.others[0] if person.others else invent(rng, gender=person.gender).name
    one, two = sources(rng, 2, person.country)
    now = replace(person, others=())
    way = rng.choice(("one way", "both ways", "one way", "year", "no alias", "account", "linked"))
    told = "birth_date gender" if way in {"one way", "both ways", "linked"} else "country"
    first = describe(rng, now, one, told, aliases=[old])
    second = describe(rng, now, two, told, name=old, aliases=[])
    if way == "both ways":
        second["aliases"] = [person.name]
    if way == "year":
        second["birth_date"] = first["birth_date"] = str(person.birth.year)
    if way in {"no alias", "account", "linked"}:
        first["aliases"] = []
    if way == "no alias":
        first["birth_date"] = second["birth_date"] = person.birth.isoformat()
    if way == "account":
        first["birth_date"] = None
        account = target(rng, old, rng.choice(ACCOUNTS))
        first["urls"], second["urls"] = [link(rng, account)], [link(rng, account)]
    if way == "linked":
        first["urls"].append(cross_link(second))
    silent = way in {"one way", "both ways", "linked"}
    return same(first, second, note=f"the stage name changed: {way}", silent=silent)


def spelling(rng: random.Random) -> Draft:
    way = rng.choice(("accents", "order", "transliteration", "joined", "initial", "typing error"))
    person = _spelled(rng, way)
    variant = _variant(rng, person.name, way)
    evidence = rng.choice(("date", "date", "entry", "year"))
    one, two = sources(rng, 2, person.country)
    told = "birth_date gender country" if evidence == "date" else "country"
    first = describe(rng, person, one, told, "aliases")
    second = describe(rng, person, two, told, "aliases", name=variant)
    if evidence == "entry":
        entry = target(rng, person.name, rng.choice(CATALOGUES))
        first["urls"], second["urls"] = [link(rng, entry)], [link(rng, entry)]
    if evidence == "year":
        first["birth_date"] = second["birth_date"] = str(person.birth.year)
    sure = evidence == "entry" or (evidence == "date" and way not in {"initial", "typing error"})
    return same(first, second, note=f"one name, two spellings: {way}; {evidence}", silent=sure)


def _spelled(rng: random.Random, way: str) -> Person:
    """Somebody whose name can be spelled otherwise in this `way`."""
    culture = {"order": "japanese", "transliteration": "russian"}.get(way)
    if way == "joined":
        person = invent(rng, "english")
        first, last = person.name.split()
        return replace(person, name=f"{rng.choice(('Mary', 'Anna', 'Jo'))}-{first} {last}")
    person = invent(rng, culture)
    while (way == "accents" and plain(person.name) == person.name) or (
        way == "transliteration" and person.name.split()[0] not in VARIANTS
    ):
        person = invent(rng, culture or rng.choice(("czech", "french", "german", "swedish")))
    return person


def _variant(rng: random.Random, name: str, way: str) -> str:
    first, last = name.split()
    if way == "order":
        return f"{last} {first}"
    if way == "transliteration":
        return f"{VARIANTS[first]} {last.replace('skaya', 'skaia').replace('ya', 'ia')}"
    if way == "joined":
        return name.replace("-", rng.choice(("", " ")))
    if way == "initial":
        return f"{first} {last[0]}."
    if way == "typing error":
        places = [n for n in range(1, len(last) - 1) if last[n] != last[n + 1]]
        place = rng.choice(places)
        return f"{first} {last[:place]}{last[place + 1]}{last[place]}{last[place + 2 :]}"
    return plain(name)


def crossing_aliases(rng: random.Random) -> Draft:
    first = invent(rng)
    way = rng.choice(("dates", "looks", "year"))
    other = invent(rng, gender=first.gender).name
    near = first.birth.replace(month=first.birth.month % 12 + 1, day=9)
    if way == "looks":
        second = unlike(rng, first, name=other)
    elif way == "year":
        second = namesake(rng, first, name=other, birth=near)
    else:
        second = namesake(rng, first, name=other)
    one, two = sources(rng, 2)
    told = "birth_date" if way != "looks" else "country ethnicity height_cm eye_color"
    left = describe(rng, first, one, told, aliases=[other])
    right = describe(rng, second, two, told, aliases=[first.name] if rng.random() < 0.6 else [])
    if way == "looks":
        left["birth_date"] = None
    return different(left, right, note=f"the alias of one is the name of another: {way} differ")


def duo_alias(rng: random.Random) -> Draft:
    first, second = invent(rng, gender="FEMALE"), invent(rng, gender="FEMALE")
    duo = rng.choice(
        (
            f"{first.name.split()[0]} and {second.name.split()[0]}",
            f"{first.name.split()[0]} & {second.name.split()[0]}",
            f"The {first.name.split()[1]} Girls",
        )
    )
    one, two, three = sources(rng, 3)
    left = describe(rng, first, one, "birth_date", aliases=[duo])
    right = describe(rng, second, two, rng.choice(("birth_date", "")), aliases=[duo])
    people: list[list[Record]] = [[left], [right]]
    silent: list[list[Record]] = []
    if rng.random() < 0.5:
        again = describe(rng, first, three, "birth_date", aliases=[duo])
        people[0] = [left, again]
        silent = [people[0]]
    elif rng.random() < 0.6:
        both = describe(rng, first, three, "", "height_cm birth_date", name=duo)
        both |= {"aliases": [first.name, second.name], "eye_color": None, "hair_color": None}
        people.append([both])
    return Draft(people, "an alias that names two people at once", silent)


def twins(rng: random.Random) -> Draft:
    culture = rng.choice(("english", "english", "czech", "hungarian", "german", "spanish"))
    first = invent(rng, culture, gender="FEMALE", others=())
    given = invent(rng, culture, gender="FEMALE").name.split()[0]
    if given == first.name.split()[0]:
        given = "Wilma"
    second = replace(first, name=f"{given} {first.name.split()[1]}")
    told = "birth_date country gender"
    one, two = sources(rng, 2)
    left, right = describe(rng, first, one, told), describe(rng, second, two, told)
    if rng.random() < 0.5:
        right["aliases"].append(first.name)
    if rng.random() < 0.3:
        left["disambiguation"] = "twin sister of " + second.name
    if rng.random() < 0.3:
        account = target(rng, f"{first.name.split()[1]} twins", "onlyfans")
        left["urls"], right["urls"] = [link(rng, account)], [link(rng, account)]
    if rng.random() < 0.5:
        return different(left, right, note="twins, one in each source")
    more_left = describe(rng, first, two, told)
    more_right = describe(rng, second, one, told)
    left["urls"].append(other_link(rng, first.name, CATALOGUES))
    people = [[left, more_left], [right, more_right]]
    return Draft(people, "twins, both in both sources", people)
