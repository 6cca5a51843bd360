"""An excluded person does not come back under another source's record; and nobody else goes."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from typing import Any

import pytest

from scrapy_project.kinds.responses import ListPage
from scrapy_project.storage.exclusions import without_excluded
from scrapy_project.storage.records import PerformerParts
from tests.unit.identity_world import IdentityWorld, creator, record, shot, uuid
from tests.unit.test_exclusions import WHEN, trainer
from trainer.exclusions.edit import add, url_value
from trainer.exclusions.entries import Exclusion, Exclusions, read_entries, read_exclusions
from trainer.exclusions.link_keys import LinkKeys, link_keys
from trainer.exclusions.purge import purge
from trainer.identity.links import identify
from trainer.state.decisions import deciding, digest

IMDB = "https://www.imdb.com/name/nm9990007/"
COUPLE = "https://x.com/ana_and_per"
PAGE = f"https://stashdb.org/performers/{uuid(1)}"
BOXES = {key: creator(key) for key in ("stashdb", "fansdb", "javstash", "theporndb")}


@pytest.fixture
def world(tmp_path):
    return IdentityWorld(tmp_path, BOXES)


def ana(source="stashdb", number: int | str = 1, **facts: Any):
    facts = {"name": "Ana Vask", "shots": [shot(1, int(number))]} | facts
    return record(source, number, facts.pop("name"), **facts)


def bystander():
    return record("fansdb", 90, "Bo Ren", shots=[shot(2, 0)])


def left(context) -> set[str]:
    """All who were left in the run's release, by name."""
    text = (context.run.resolve / "identities.json").read_text()
    return {f"{s}:{i}" for s, i, _ in json.loads(text)["claims"]}


def excluded_and_purged(world, *rows):
    """A first week in which she is listed by StashDB; then she asks to be left out."""
    world.publish(world.run("week-1", [*rows, bystander()]))
    trainer(world, "add", "--id", f"stashdb:{uuid(1)}", "--reason", "asked")
    purge(world.data)


@pytest.mark.parametrize(
    "facts",
    [
        {"links": [PAGE]},
        {"links": [f"http://www.stashdb.org/performers/{uuid(1).upper()}/"], "name": "Someone"},
        {"links": ["imdb.com/name/nm9990007"]},
        {"links": [IMDB], "name": "vask, ÁNA"},
        {"links": [IMDB], "name": "Mira Lind", "aliases": ["Ana Vask"]},
        {"links": [IMDB], "name": "Anouk"},
    ],
)
def test_a_month_later_another_source_lists_her(world, facts):
    links: dict[str, Any] = {"links": [IMDB, COUPLE], "aliases": ["Anouk"]}
    excluded_and_purged(world, ana(**links))
    again = ana("theporndb", "77", **facts)
    assert read_exclusions(world.data).record(again) == "link"
    assert left(world.run("week-5", [again, bystander()])) == {f"fansdb:{uuid(90)}"}


@pytest.mark.parametrize(
    "facts",
    [
        {"name": "Per Vask", "links": [COUPLE]},
        {"name": "Per Vask", "links": [COUPLE], "aliases": ["Ana Vask"]},
        {"name": "Per Lind", "links": [IMDB]},
        {"name": "Per Lind", "links": [IMDB], "aliases": ["Anouk"]},
        {"links": ["https://www.imdb.com/name/nm9990008/"]},
        {"links": ["https://www.imdb.com/search/"]},
    ],
)
def test_a_partner_and_a_namesake_stay(world, facts):
    excluded_and_purged(world, ana(links=[IMDB, COUPLE], aliases=["Anouk", "Per Vask"]))
    assert read_exclusions(world.data).record(ana("fansdb", 5, **facts)) is None


def test_of_her_links_only_hashes_are_kept(world):
    excluded_and_purged(world, ana(links=[IMDB, COUPLE]))
    kept = [value for kind, value in read_entries(world.data)[0].members if kind == "link"]
    assert len(kept) == 2
    assert not any(said in str(kept) for said in ("imdb", "nm9990007", "vask", "ana"))


def test_the_partner_of_a_couple_stays_and_nobody_two_hops_away_goes(world):
    site = "https://www.data18.com/name/ana-vask"
    rows = [
        ana(links=[COUPLE, IMDB]),
        record("fansdb", 2, "Per Lind", links=[COUPLE], shots=[shot(2, 1)]),
        ana("javstash", 3, links=[IMDB, site, "https://x.com/other_demo"]),
        # One hop further: of the record that only the link led to.
        ana("theporndb", "4", links=["https://x.com/other_demo"], birth_date="1960-01-01"),
    ]
    add(world.data, "id", f"stashdb:{uuid(1)}", "asked", WHEN)
    stay = {f"fansdb:{uuid(2)}", "theporndb:4", f"fansdb:{uuid(90)}"}
    for week in (1, 2, 3):
        context = world.run(f"week-{week}", [*rows, bystander()])
        assert left(context) == stay
        purge(world.data)
        members = read_entries(world.data)[0].members
        assert {v for k, v in members if k in ("id", "found")} == {f"javstash:{uuid(3)}"}


def test_who_goes_with_her_is_said_by_name_before_it_is_stored(world):
    world.run("week-1", [ana(links=[IMDB]), ana("fansdb", 2, links=[IMDB]), bystander()])
    arguments = ("add", "--id", f"stashdb:{uuid(1)}", "--reason", "asked")
    said = trainer(world, *arguments, "--dry-run")
    assert f"fansdb:{uuid(2)}: Ana Vask" in said
    assert not read_exclusions(world.data)
    (row,) = json.loads(trainer(world, *arguments, "--json"))
    assert set(row["with"]) == {f"fansdb:{uuid(2)}"}
    assert f"fansdb:{uuid(2)}: Ana Vask" in trainer(world, *arguments)


def test_a_purge_says_who_came_since(world):
    add(world.data, "id", f"stashdb:{uuid(1)}", "asked", WHEN)
    world.run("week-1", [ana(links=[IMDB]), ana("fansdb", 2, links=[IMDB])])
    assert f"fansdb:{uuid(2)} (Ana Vask" in trainer(world, "purge")
    assert "fansdb" not in trainer(world, "purge")


def test_all_records_of_the_released_performer_are_hers(world):
    """Once one performer, they are one person: what links to any of them is she, too."""
    rows = [ana(links=[IMDB]), ana("fansdb", 2, links=[IMDB, COUPLE])]
    excluded_and_purged(world, *rows)
    again = ana("theporndb", "9", links=[COUPLE])
    assert read_exclusions(world.data).record(again) == "link"
    other = ana("theporndb", "9", links=[f"https://fansdb.cc/performers/{uuid(2)}"], name="X")
    assert read_exclusions(world.data).record(other) == "link"


def test_another_source_that_is_crawled_in_the_same_run(world):
    """StashDB's record is dropped while another source, crawled beside it, brings hers."""
    add(world.data, "id", f"stashdb:{uuid(1)}", "asked", WHEN)
    page = ListPage(count=1, listed=1, rows=[ana(links=[IMDB])], refused_ids=[], errors=[])
    page = without_excluded(page, "stashdb", read_exclusions(world.data))
    assert not page.rows
    PerformerParts(world.data.run("week-1").staging("stashdb"), 5).write("p1", page)
    context = world.run("week-1", [ana("fansdb", 2, links=[IMDB]), bystander()])
    assert left(context) == {f"fansdb:{uuid(90)}"}
    world.publish(context)
    assert read_exclusions(world.data).record(ana("javstash", 3, links=[IMDB])) == "link"


def test_a_list_of_an_older_trainer_holds_and_goes_no_further(world):
    add(world.data, "id", f"stashdb:{uuid(1)}", "asked", WHEN)
    with closing(sqlite3.connect(world.data.state_db)) as db:
        db.executescript(
            "DROP TABLE exclusion_members; CREATE TABLE exclusion_members ("  # noqa: S608 - no names but ours
            "exclusion_id INTEGER NOT NULL REFERENCES exclusions (id),"
            "kind TEXT NOT NULL CHECK (kind IN ('id', 'image')), value TEXT NOT NULL,"
            "PRIMARY KEY (exclusion_id, kind, value)) WITHOUT ROWID;"
            f"INSERT INTO exclusion_members VALUES (1, 'id', 'fansdb:{uuid(2)}'), "
            f"(1, 'image', '{'ab' * 32}'); PRAGMA user_version = 3;"
        )
    assert read_exclusions(world.data).claim("fansdb", uuid(2))  # as it is read before a build
    with deciding(world.data) as db:
        db.execute("INSERT INTO exclusion_members VALUES (1, 'link', 'a:b')")
    found = read_exclusions(world.data)
    assert found.claim("fansdb", uuid(2))
    assert found.image("ab" * 32)
    assert found.own == {f"stashdb:{uuid(1)}"}
    before = digest(world.data)
    with deciding(world.data) as db:
        db.execute("INSERT INTO exclusion_members VALUES (1, 'link', 'c:d')")
    assert digest(world.data) == before  # what a release's own commit notes does not stop it


def test_an_empty_list_is_falsy():
    assert not Exclusions.of([])


# Forms of one link; the first one is what somebody excluded, or what an excluded record had.
FORMS_OF_ONE = [
    ("https://www.imdb.com/name/nm9990007", "https://www.imdb.com/de/name/nm9990007/"),
    ("https://www.imdb.com/de/name/nm9990007/", "http://imdb.de/name/nm9990007"),
    ("https://metadataapi.net/performers/ana-vask", "https://theporndb.net/performers/ana-vask"),
    (
        "https://theporndb.net/performers/ana-vask",
        "https://api.metadataapi.net/performers/Ana-Vask",
    ),
    (f"https://fansdb.xyz/performers/{uuid(70)}", f"https://fansdb.cc/performers/{uuid(70)}#edits"),
    ("https://www.freeones.com/ana-vask", "https://www.freeones.xxx/de/ana-vask/profile"),
    ("http://www.freeones.com/html/a_links/Ana_Vask/", "https://www.freeones.com/ana-vask/bio"),
    ("https://www.thenude.com/Ana%20Vask_77.htm", "https://www.thenude.com/_77.htm"),
    ("http://www.thenude.eu/Ana Vask_77.htm", "https://www.thenude.com/Ana%20Vask_77.htm"),
    ("https://de.wikipedia.org/wiki/Ana%20Vask", "https://de.wikipedia.org/wiki/Ana_Vask"),
    ("https://de.wikipedia.org/wiki/ana%20Vask", "https://de.wikipedia.org/wiki/ana%20Vask"),
    ("https://twitter.com/ana_vask", "https://mobile.twitter.com/Ana_Vask"),
]


@pytest.mark.parametrize(("kept", "now"), FORMS_OF_ONE)
def test_an_exclusion_by_link_holds_for_every_form_of_it(kept, now):
    """Also as an older trainer stored it: the address, where it knew no form of it."""
    for one, other in [(kept, now), (now, kept)]:
        for stored in {url_value(one), one}:
            listed = Exclusions.of([Exclusion("url", stored)])
            assert listed.record(ana("javstash", 5, links=[other])) == "url", (stored, other)


@pytest.mark.parametrize(("kept", "now"), FORMS_OF_ONE)
def test_a_link_of_an_excluded_record_is_known_in_every_form(kept, now):
    keys = LinkKeys()
    for key in link_keys(ana(links=[kept])):
        keys.add(key)
    assert keys.match(ana("javstash", 5, links=[now]))
    assert not keys.match(ana("javstash", 5, links=["https://www.imdb.com/name/nm9990008"]))


# Links whose ids were spelled otherwise, with the hashes that were kept of them then.
KEPT_BEFORE = [
    ("https://de.wikipedia.org/wiki/Ana%20Vask", "wikipedia de:Ana Vask"),
    ("https://de.wikipedia.org/wiki/ana_Vask", "wikipedia de:ana_Vask"),
    ("https://wikifeet.com/Ana%20Vask", "wikifeet ana vask"),
    ("https://www.babepedia.com/babe/Ana%20Vask", "babepedia Ana_Vask"),
    ("https://www.imdb.com/name/nm9990007", "imdb nm9990007"),
    ("https://www.thenude.com/Ana%20Vask_77.htm", "thenude 77"),
    ("https://x.com/Ana_Vask", "twitter ana_vask"),
]


@pytest.mark.parametrize(("link", "kept"), KEPT_BEFORE)
def test_hashes_that_were_kept_before_ids_were_spelled_as_today_still_hold(link, kept):
    hashed = [hashlib.sha256(text.encode()).hexdigest()[:16] for text in ("ana vask", kept)]
    keys = LinkKeys()
    keys.add(":".join(hashed))
    assert keys.match(ana("javstash", 5, links=[link]))
    plain = identify(link).url  # today's spelling of the same link
    assert keys.match(ana("javstash", 5, links=[plain]))
    assert not keys.match(ana("javstash", 5, name="Mira Lind", links=[link]))
