"""Tricky records: merged or doubled at their source, changed gender, changed from week to week."""

from __future__ import annotations

import random
from dataclasses import replace

from tests.identity_cases.drafts import Draft, same
from tests.identity_cases.links import ACCOUNTS, CATALOGUES, cross_link, link, target
from tests.identity_cases.people import invent, namesake
from tests.identity_cases.records import Record, describe, sources


def merged_upstream(rng: random.Random) -> Draft:
    person = invent(rng)
    key, other = rng.choice((("stashdb", "theporndb"), ("fansdb", "stashdb")))
    kept = describe(rng, person, key, "birth_date gender")
    chain = [kept]
    for _ in range(rng.choice((1, 1, 2, 3))):
        name = rng.choice((person.name, person.name, *person.others, person.name.split()[0]))
        gone = describe(rng, person, key, "", "birth_date", name=name)
        gone |= {"deleted": True, "merged_into_id": chain[-1]["source_id"]}
        if len(chain) > 1 and rng.random() < 0.5:
            gone["merged_into_id"] = kept["source_id"]
        chain.append(gone)
    for record in chain:
        into = (r for r in chain if r["merged_into_id"] == record["source_id"])
        record["merged_ids"] = [r["source_id"] for r in into]
    if rng.random() < 0.3:  # told by the record that was kept only
        chain[1]["merged_into_id"] = None
    if rng.random() < 0.6:
        outside = describe(rng, person, other, "gender")
        outside["urls"].append(cross_link(chain[-1]))
        chain.append(outside)
    return same(*chain, note="the source itself merged its records")


def upstream_duplicate(rng: random.Random) -> Draft:
    """A source lists a person twice; the records are not joined before the source does."""
    person = invent(rng)
    key, other = rng.choice((("stashdb", "theporndb"), ("theporndb", "stashdb")))
    way = rng.choice(("pair", "pair", "third is one's", "third is both's"))
    first = describe(rng, person, key, "birth_date gender")
    told = "birth_date" if way != "third is one's" else "gender"
    second = describe(rng, person, key, told, "" if told == "birth_date" else "birth_date")
    if rng.random() < 0.4:
        account = target(rng, person.name, rng.choice(ACCOUNTS))
        first["urls"], second["urls"] = [link(rng, account)], [link(rng, account)]
    if way == "pair":
        return same(first, second, note="twice in one source", silent=False)
    third = describe(rng, person, other, "birth_date gender")
    silent: list[list[Record]] = []
    if way == "third is one's":
        third["urls"].append(cross_link(first))
        silent = [[first, third]]
    return Draft([[first, second, third]], f"twice in one source, and {way}", silent)


def gender_change(rng: random.Random) -> Draft:
    before, after = rng.choice((("MALE", "TRANSGENDER_FEMALE"), ("FEMALE", "TRANSGENDER_MALE")))
    old = invent(rng, gender=before, others=())
    new_name = invent(rng, gender=after).name.split()[0] + " " + old.name.split()[1]
    new = replace(old, gender=after, name=new_name)
    one, two = sources(rng, 2, old.country)
    way = rng.choice(("linked", "alias", "year", "account", "others"))
    if way == "others":
        other = namesake(rng, old, gender=after, name=new_name)
        left = describe(rng, old, one, "gender birth_date")
        right = describe(rng, other, two, "gender birth_date")
        return Draft([[left], [right]], "one surname, two people of different genders")
    told = "gender birth_date" if way in {"linked", "alias"} else "gender country"
    left, right = describe(rng, old, one, told), describe(rng, new, two, told)
    if way in {"alias", "linked"}:
        right["aliases"] = [old.name]
    if way == "linked":
        right["urls"].append(cross_link(left))
    if way == "account":
        account = target(rng, new_name, rng.choice(ACCOUNTS))
        left["urls"], right["urls"] = [link(rng, account)], [link(rng, account)]
    if way == "year":
        left["birth_date"] = right["birth_date"] = str(old.birth.year)
    # An alias and a date alone would have to outweigh the gender: a person looks.
    silent = way == "linked"
    return same(left, right, note=f"gender and first name changed: {way}", silent=silent)


def later_recycled(rng: random.Random) -> Draft:
    """A new record appears with the account of somebody known."""
    person = invent(rng)
    one, two, three = sources(rng, 3)
    account = target(rng, person.name, rng.choice(ACCOUNTS))
    known = [describe(rng, person, key, "birth_date gender") for key in (one, two)]
    for record in known:
        record["urls"] = [link(rng, account)]
    heir = namesake(rng, person, name=invent(rng, gender=person.gender).name)
    new = describe(rng, heir, three, "birth_date gender")
    new["urls"] = [link(rng, account)]
    later = [known[0], known[1] | {"urls": []}] if rng.random() < 0.5 else known
    then = Draft([later, [new]], "", [later])
    return Draft([known], "an account is handed on to somebody new", [known], [then])


def later_merged(rng: random.Random) -> Draft:
    """A source merges what it listed twice; before, the third record belonged to one of them."""
    person = invent(rng)
    kept = describe(rng, person, "stashdb", "birth_date gender")
    gone = describe(rng, person, "stashdb", "gender", "birth_date")
    third = describe(rng, person, "theporndb", "birth_date gender")
    third["urls"] = [cross_link(kept)]
    merged = [
        kept | {"merged_ids": [gone["source_id"]]},
        gone | {"deleted": True, "merged_into_id": kept["source_id"]},
        third,
    ]
    then = Draft([merged], "", [merged])
    now = [kept, gone, third]
    return Draft([now], "a double record is merged later", [[kept, third]], [then])


def later_linked(rng: random.Random) -> Draft:
    """What was not enough becomes enough: a date, an entry or a link is added."""
    person = invent(rng)
    one, two = sources(rng, 2, person.country)
    way = rng.choice(("link", "entry", "corrected date"))
    first = describe(rng, person, one, "birth_date gender country")
    second = describe(rng, person, two, "gender country", birth_date=str(person.birth.year))
    more = dict(second)
    if way == "link":
        more["urls"] = [cross_link(first)]
    elif way == "entry":
        entry = target(rng, person.name, rng.choice(CATALOGUES))
        first["urls"] = [link(rng, entry)]
        more["urls"] = [link(rng, entry)]
    else:
        year = person.birth.year - 3 if person.birth.year > 1963 else person.birth.year + 1
        wrong = person.birth.replace(year=year, day=min(person.birth.day, 28))
        second["birth_date"] = wrong.isoformat()
        more["birth_date"] = person.birth.isoformat()
    then = Draft([[first, more]], "", [[first, more]])
    return Draft([[first, second]], f"joined only later: {way}", [], [then])


def later_rewritten(rng: random.Random) -> Draft:
    """A source rewrites a record to describe somebody else under the same id."""
    person = invent(rng)
    one, two = sources(rng, 2)
    first = describe(rng, person, one, "birth_date gender")
    second = describe(rng, person, two, "birth_date gender")
    other = namesake(rng, person, name=invent(rng, gender=person.gender).name)
    rewritten = describe(rng, other, two, "birth_date gender", source_id=second["source_id"])
    then = Draft([[first], [rewritten]], "")
    note = "a record is rewritten to describe somebody else"
    return Draft([[first, second]], note, [[first, second]], [then])
