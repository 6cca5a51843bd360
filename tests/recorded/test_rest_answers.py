"""A REST answer becomes rows or a typed error, whatever a server says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from demo.world.people import population
from demo.world.porndb import PornDb, record_id
from scrapy_project.kinds import stash_box_api
from scrapy_project.kinds.responses import AnswerError, absolute_url
from scrapy_project.kinds.rest_api import list_url, parse_list
from tests.recorded.box import person
from trainer.config.sources import load_sources

URL = "https://api.theporndb.net/#page=1"
SOURCES = load_sources(Path("/nonexistent"))
SOURCE = SOURCES["theporndb"]
BASE = {"id": "x", "name": "Somebody Invented", "image": "", "posters": [], "extras": {}}


def read(record):
    body = json.dumps({"data": [record], "meta": {"total": 1}}).encode()
    return parse_list(body, URL, SOURCE)


def of(**changes):
    page = read({**BASE, **changes})
    return page.rows[0], [(e.kind, e.field) for e in page.errors]


def of_extras(**extras):
    return of(extras=extras)


@pytest.mark.parametrize("base", ["https://api.theporndb.net", "https://api.theporndb.net/"])
def test_the_address_of_a_page(base):
    assert list_url(base, 3, 100) == "https://api.theporndb.net/performers?page=3&per_page=100"


@pytest.mark.parametrize(
    ("given", "column", "value"),
    [
        ({"gender": "Female"}, "gender", "FEMALE"),
        ({"gender": None}, "gender", None),
        ({"gender": "Transgender Female"}, "gender", "TRANSGENDER_FEMALE"),
        ({"birthday": "1990-07-02"}, "birth_date", "1990-07-02"),
        ({"birthday": "0000-00-00"}, "birth_date", None),
        ({"deathday": "2020-01-31"}, "death_date", "2020-01-31"),
        ({"height": "170cm"}, "height_cm", 170),
        ({"height": "5'7\""}, "height_cm", 170),
        ({"height": 170}, "height_cm", 170),
        ({"height": "0cm"}, "height_cm", None),
        ({"birthplace_code": "us"}, "country", "US"),
        ({"birthplace_code": "US-CA"}, "country", "US"),
        ({"birthplace_code": "", "nationality": "Swedish"}, "country", "SE"),
        ({"birthplace_code": "NO", "nationality": "Swedish"}, "country", "SE"),
        ({"career_start_year": "2004"}, "career_start_year", 2004),
        ({"career_end_year": 0}, "career_end_year", None),
        ({"hair_colour": "Brunette, Blonde"}, "hair_color", "BRUNETTE"),
        ({"eye_colour": "Grey"}, "eye_color", "GREY"),
        ({"ethnicity": "Latin"}, "ethnicity", "LATIN"),
    ],
)
def test_a_fact(given, column, value):
    row, errors = of_extras(**given)
    assert (row[column], errors) == (value, [])


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ({"gender": "Octopus"}, "gender"),
        ({"birthday": "31/12/1990"}, "birth_date"),
        ({"height": "tall"}, "height_cm"),
        ({"birthplace_code": "ZZ"}, "country"),
        ({"career_start_year": 99999}, "career_start_year"),
        ({"eye_colour": ["blue"]}, "eye_color"),
        ({"hair_colour": True}, "hair_color"),
    ],
)
def test_a_fact_that_is_not_understood_is_null_and_named(given, column):
    row, errors = of_extras(**given)
    assert row[column] is None
    assert errors == [("field_invalid", f"extras.{next(iter(given))}")]


@pytest.mark.parametrize(
    ("given", "names"),
    [
        (["A", "B", "A"], ["A", "B"]),
        ("A, B ,", ["A", "B"]),
        (None, []),
        ("", []),
    ],
)
def test_aliases_are_a_list_or_a_text(given, names):
    row, errors = of(aliases=given)
    assert (row["aliases"], errors) == (names, [])


def test_the_face_comes_first_and_each_picture_once():
    row, _ = of(
        face="https://cdn.example/f.jpg",
        posters=[{"id": 1, "url": "https://cdn.example/p.jpg"}],
        image="https://cdn.example/p.jpg",
    )
    assert [(i["url"], i["image_id"]) for i in row["images"]] == [
        ("https://cdn.example/f.jpg", None),
        ("https://cdn.example/p.jpg", "1"),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"face": "/f.jpg"}, "face"),
        ({"image": "f.jpg"}, "image"),
        ({"posters": [{"id": 1, "url": "p.jpg"}]}, "posters.url"),
        ({"extras": {"links": {"Home": "somewhere"}}}, "extras.links.Home"),
    ],
)
def test_a_relative_address_is_refused_and_named(changes, field):
    row, errors = of(**changes)
    assert errors == [("field_invalid", field)]
    assert (row["images"], row["urls"]) == ([], [])


@pytest.mark.parametrize(
    ("typed", "address"),
    [
        ("https://www.thenude.com/Orla Veit_1.htm", "https://www.thenude.com/Orla%20Veit_1.htm"),
        (" \thttps://x.example/a\r\nb \0", "https://x.example/ab"),
        ("HTTP:\\\\X.example\\a", "http://x.example/a"),
        ("https:x.example/a", "https://x.example/a"),
        ("www.x.example/a b", "https://www.x.example/a%20b"),
        ("twitter.com/orla_invented", "https://twitter.com/orla_invented"),
        ("https://x.example/ä?q=ö#ü", "https://x.example/%C3%A4?q=%C3%B6#%C3%BC"),
        ("https://x.example/a%20b%2Fc", "https://x.example/a%20b%2Fc"),
        (
            "https://x.example/f:s():u()/https%3A%2F%2Fy",
            "https://x.example/f:s():u()/https%3A%2F%2Fy",
        ),
        ("https://ä.example/", "https://xn--4ca.example/"),
    ],
)
def test_an_address_is_what_a_browser_makes_of_it(typed, address):
    assert absolute_url(typed) == address
    assert absolute_url(address) == address


@pytest.mark.parametrize(
    "typed",
    [
        *("", "somewhere", "orla.veit", "/relative", "javascript:alert(1)", "ftp://x.example/"),
        *("https://", "https://[x", "https://x.example:99999/", "https://not a host/"),
        *(
            "https://ex%20ample.example/",
            "https://x.example/\ud800",
            "https://x.example/" + "a" * 2000,
        ),
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(ValueError):
        absolute_url(typed)


def test_an_address_without_a_protocol_gets_https():
    row, errors = of(face="//cdn.example/f.jpg")
    assert ([i["url"] for i in row["images"]], errors) == (["https://cdn.example/f.jpg"], [])


@pytest.mark.parametrize("links", [None, [], {}, {"Twitter": ""}, {"Twitter": None}])
def test_no_links(links):
    row, errors = of_extras(links=links)
    assert (row["urls"], errors) == ([], [])


@pytest.mark.parametrize("field", ["extras", "image", "posters"])
def test_a_field_that_is_gone_is_named_while_the_record_is_kept(field):
    page = read({name: value for name, value in BASE.items() if name != field})
    assert [row["source_id"] for row in page.rows] == ["x"]
    assert [(e.kind, e.field) for e in page.errors] == [("field_missing", field)]


def test_the_look_alikes_records_are_read_without_an_error():
    world = PornDb(population(1), lambda key: f"https://cdn.example/{key}", "token")
    status, answer = world.answer("/performers", {}, {"AUTHORIZATION": "Bearer token"})
    page = parse_list(json.dumps(answer).encode(), URL, SOURCE)
    assert (status, page.errors, len(page.rows)) == (200, [], 25)
    assert page.count == sum(not p.deleted for p in population(1)) > 25


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/performers", {}, 401),
        ("/performers", {"Authorization": "Bearer other"}, 401),
        ("/performers/nobody", {"Authorization": "Bearer token"}, 404),
        ("/performers/", {"Authorization": "Bearer token"}, 404),
        ("/elsewhere", {"Authorization": "Bearer token"}, 404),
        (f"/performers/{record_id(population(1)[0])}", {"Authorization": "Bearer token"}, 200),
    ],
)
def test_the_look_alike_lets_in_and_finds(path, headers, status):
    world = PornDb(population(1), lambda key: f"https://cdn.example/{key}", "token")
    assert world.answer(path, {}, headers)[0] == status


@pytest.mark.parametrize(
    ("asked", "given"), [("7", 7), ("1000", 100), ("many", 25), ("0", 25), ("-1", 25)]
)
def test_the_look_alike_cuts_pages(asked, given):
    world = PornDb(population(1), lambda key: f"https://cdn.example/{key}", "token")
    _, answer = world.answer("/performers", {"per_page": asked}, {"authorization": "Bearer token"})
    assert answer["meta"]["per_page"] == given


@pytest.mark.parametrize("total", [-1, 10**9, "7", True, 1.5])
def test_a_total_that_is_none(total):
    with pytest.raises(AnswerError) as caught:
        parse_list(json.dumps({"data": [], "meta": {"total": total}}).encode(), URL, SOURCE)
    assert (caught.value.kind, caught.value.field) == ("field_invalid", "meta.total")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00+14:00", "never", "2026-13-01T00:00:00Z"])
def test_a_moment_out_of_the_calendar(moment):
    row, errors = of(updated_at=moment)
    assert (row["updated_at"], errors) == (None, [("field_invalid", "updated_at")])
    record = person(1, "https://cdn.example", updated=moment)
    listed = {"queryPerformers": {"count": 1, "performers": [record]}}
    body = json.dumps({"data": listed}).encode()
    page = stash_box_api.parse_list(body, URL, SOURCES["stashdb"])
    assert (page.rows, page.refused_ids) == ([], [record["id"]])
    assert [(e.kind, e.field) for e in page.errors] == [("field_invalid", "updated")]
