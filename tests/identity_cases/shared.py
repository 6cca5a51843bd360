"""Tricky links: handed on, shared by many or by a couple, or pointing at somebody else."""

from __future__ import annotations

import random

from tests.identity_cases.drafts import Draft, different
from tests.identity_cases.links import (
    ACCOUNTS,
    CATALOGUES,
    NAME_PAGES,
    cross_link,
    link,
    other_link,
    target,
)
from tests.identity_cases.people import invent, namesake, unlike
from tests.identity_cases.records import Record, describe, sources


def recycled_link(rng: random.Random) -> Draft:
    first = invent(rng)
    way = rng.choice(("account", "account", "name page", "entry", "undated account"))
    one, two = sources(rng, 2)
    if way == "undated account":
        other = invent(rng, "swedish", "MALE" if first.gender == "FEMALE" else "FEMALE")
        left = describe(rng, first, one, "gender ethnicity height_cm", "birth_date")
        right = describe(rng, other, two, "gender ethnicity height_cm", "birth_date")
        to = target(rng, first.name, rng.choice(ACCOUNTS))
    else:
        gender = {"gender": "MALE"} if first.gender == "FEMALE" and rng.random() < 0.2 else {}
        new_name = (
            {}
            if way == "name page" or rng.random() < 0.3
            else _renamed(rng, gender.get("gender", first.gender))
        )
        other = namesake(rng, first, **gender | new_name)
        left = describe(rng, first, one, "birth_date gender")
        right = describe(rng, other, two, "birth_date gender")
        sites = {"name page": NAME_PAGES, "entry": CATALOGUES}.get(way, ACCOUNTS)
        to = target(rng, first.name, rng.choice(sites))
    for record in (left, right):
        record["urls"].append(link(rng, to))
    if rng.random() < 0.4:
        right["urls"].append(other_link(rng, other.name, CATALOGUES))
    return different(left, right, note=f"one link, two people: {way} used again or mistaken")


def _renamed(rng: random.Random, gender: str) -> dict[str, str]:
    return {"name": invent(rng, gender=gender).name}


def company_link(rng: random.Random) -> Draft:
    """A studio, agency or shop that many records link to as if it were their own."""
    company = invent(rng, "english").name.split()[1] + rng.choice((" Models", " Films", " Studios"))
    to = target(
        rng, company, rng.choice(("twitter", "clips4sale", "website", "linktree", "onlyfans"))
    )
    people = [invent(rng, gender="FEMALE") for _ in range(rng.choice((2, 3, 4, 5)))]
    groups: list[list[Record]] = []
    for person in people:
        told = rng.choice(("birth_date", "country", ""))
        groups.append([describe(rng, person, sources(rng, 1)[0], told)])
    silent: list[list[Record]] = []
    if rng.random() < 0.5:
        key = "stashdb" if groups[0][0]["source"] != "stashdb" else "theporndb"
        groups[0][0]["birth_date"] = people[0].birth.isoformat()
        groups[0].append(describe(rng, people[0], key, "birth_date gender"))
        silent = [groups[0]]
    for group in groups:
        for record in group:
            record["urls"].append(link(rng, to))
    return Draft(groups, f"a company's {to['site']} link on several people", silent)


def couple_account(rng: random.Random) -> Draft:
    woman, man = invent(rng, gender="FEMALE"), invent(rng, gender=rng.choice(("MALE", "FEMALE")))
    both = f"{woman.name.split()[0]} and {man.name.split()[0]}"
    to = target(rng, both, rng.choice(("onlyfans", "twitter", "pornhub", "manyvids")))
    one, two, three = sources(rng, 3)
    told = rng.choice(("gender", "gender birth_date"))
    left, right = describe(rng, woman, one, told), describe(rng, man, two, told)
    if rng.random() < 0.4:
        left["aliases"].append(both)
        right["aliases"].append(both)
    groups, silent = [[left], [right]], []
    if rng.random() < 0.4:
        groups[0].append(describe(rng, woman, three, "gender"))
        silent = [groups[0]]
        own = target(rng, woman.name, "instagram")
        for record in groups[0]:
            record["urls"].append(link(rng, own))
    for group in groups:
        for record in group:
            record["urls"].append(link(rng, to))
    return Draft(groups, "a couple's account on the records of both", silent)


def wrong_cross_link(rng: random.Random) -> Draft:
    first = invent(rng, "english")
    way = rng.choice(("namesake", "namesake", "gender", "stranger", "true one too"))
    keep = "birth_date gender country"
    if way == "stranger":
        other = namesake(rng, first, name=invent(rng, gender=first.gender).name)
    elif way == "gender":
        other = unlike(rng, first, gender="MALE" if first.gender == "FEMALE" else "FEMALE")
    else:
        other = namesake(rng, first)
    box = rng.choice(("stashdb", "stashdb", "fansdb"))
    linking = describe(rng, first, "theporndb", keep)
    linked = describe(rng, other, box, keep)
    linking["urls"].append(cross_link(linked))
    groups = [[linking], [linked]]
    if way == "true one too":
        groups[0].append(describe(rng, first, box, keep))
    # The person whom the link misses is not joined unasked: the record contradicts itself.
    return Draft(groups, f"a link to somebody else's record: {way}")
