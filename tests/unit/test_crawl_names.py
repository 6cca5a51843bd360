"""Pages that a link leads to are believed by their names, this week's and those of weeks before."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from scrapy.http import HtmlResponse, Request

from scrapy_project.parsing.profile import Image, Profile
from scrapy_project.storage.judged_again import judged_again
from scrapy_project.visit import Outcome, Visitor
from tests.recorded.profile_box import (
    LATER,
    WEEK_1,
    WEEK_2,
    ProfileBench,
    linked,
    serve_site,
)
from trainer.config.sources import shipped_sources
from trainer.staging.rows import PerformerRecord

FULL = "/wiki/images/a/ab/"
IAFD = "https://www.iafd.com/person.rme/"
UUID = "0f7c0c5e-1111-4222-8333-944444444444"


@pytest.fixture
def bench(tmp_path):
    with serve_site() as site:
        site.person("Ada_Fenn", "Ada Fenn", "a1.jpg")
        yield ProfileBench(site, tmp_path, [linked(2, "Ada_Fenn", "Ada Fenn")])


def owner(number: int) -> dict[str, str]:
    return {"source": "stashdb", "source_id": f"s{number}"}


def test_a_page_of_another_name_is_in_doubt_and_its_pictures_are_left_alone(bench):
    bench.records = [linked(1, "Ada_Fenn", "Wren Hollow", birth_date=None)]
    manifest = bench.crawl()
    assert manifest.counts["pages_unconfirmed"] == 1
    (error,) = (e for e in manifest.errors if e.kind == "unconfirmed")
    assert "Ada Fenn" in error.message and "Wren Hollow" in error.message
    assert error.url == f"{bench.site.base}/boobs/Ada_Fenn"
    assert bench.rows()["Ada_Fenn"]["images"] == []
    assert f"{FULL}a1.jpg" not in bench.site.asked()


def test_of_two_records_that_link_to_a_page_the_owner_is_the_one_of_its_name(bench):
    bench.records.append(linked(1, "Ada_Fenn", "Wren Hollow"))
    manifest = bench.crawl()
    row = bench.rows()["Ada_Fenn"]
    assert (row["owners"], row["confirmed_by"]) == ([owner(2)], "name Ada Fenn")
    assert manifest.errors == []
    bench.publish("r1")
    bench.site.asked()
    assert bench.crawl("r2", WEEK_2).counts["pages_known"] == 1
    assert bench.site.asked() == []


@pytest.mark.parametrize("week", [WEEK_2, LATER])  # carried over; answered 304
def test_a_page_that_was_believed_is_judged_again_by_todays_records(bench, week):
    bench.crawl()
    bench.publish("r1")
    bench.site.asked()
    bench.records = [linked(2, "Ada_Fenn", "Wren Hollow")]
    manifest = bench.crawl("r2", week)
    row = bench.rows("r2")["Ada_Fenn"]
    assert (row["images"], row["confirmed_by"]) == ([], None)
    assert [(e.kind, e.url) for e in manifest.errors] == [("unconfirmed", row["page_url"])]
    assert f"{FULL}a1.jpg" not in bench.site.asked()
    bench.publish("r2")
    assert bench.crawl("r3", week).errors == []  # said once; the review stays
    bench.publish("r3")
    bench.records = [linked(2, "Ada_Fenn", "Wren Hollow", aliases=["Ada Fenn"])]
    bench.site.asked()
    assert bench.crawl("r4", week).counts["pages_read"] == 1
    assert bench.site.asked() == ["/boobs/Ada_Fenn"]  # the picture is known
    assert bench.rows("r4")["Ada_Fenn"]["images"]


def test_a_further_record_of_the_same_name_becomes_an_owner_without_a_request(bench):
    bench.crawl()
    bench.publish("r1")
    bench.site.asked()
    bench.records.append(linked(1, "Ada_Fenn", "Ada F."))
    bench.crawl("r2", WEEK_2)
    assert bench.site.asked() == []
    assert bench.rows("r2")["Ada_Fenn"]["owners"] == [owner(1), owner(2)]


def candidate(name: str, number: int = 1) -> dict:
    facts: dict[str, Any] = {"aliases": [], "birth_date": None, "country": None, "urls": []}
    return {**owner(number), "name": name, **facts}


def target(*candidates: dict, found_by: str = "url", page_id: str = "Ada_Fenn", path: str = ""):
    return {
        "page_id": page_id,
        "path": path or f"/boobs/{page_id}",
        "found_by": found_by,
        "candidates": list(candidates),
    }


def before(**facts) -> PerformerRecord:
    """A row as versions wrote it that believed every link: nothing says why."""
    row = {
        "name": "Ada Fenn",
        "aliases": None,
        "birth_date": None,
        "country": None,
        "urls": None,
        "images": [{"url": "https://site.example/a1.jpg"}],
        "deleted": False,
        "owners": [owner(1)],
        "found_by": "url",
        "confirmed_by": None,
        "fetched_at": WEEK_1,
    } | facts
    return cast(PerformerRecord, row)


def test_a_row_of_before_the_rule_is_kept_where_its_name_fits_and_withdrawn_where_not():
    kept = judged_again(target(candidate("Ada Fenn")), before())
    assert kept is not None
    assert (kept.row["confirmed_by"], kept.withdrawn) == ("name Ada Fenn", None)
    assert kept.row["images"]
    gone = judged_again(target(candidate("Wren Hollow")), before())
    assert gone is not None
    assert gone.row["images"] == []
    assert "Wren Hollow" in (gone.withdrawn or "")
    still = judged_again(target(candidate("Wren Hollow")), before(images=[]))
    assert still is not None
    assert still.withdrawn is None


@pytest.mark.parametrize(
    ("asked", "facts"),
    [
        (target(candidate("Ada Fenn")), {"images": []}),  # was in doubt; fits by now
        (target(candidate("Ada Fenn"), found_by="name"), {}),
        (target(candidate("Ada Fenn")), {"fetched_at": None}),
        (target(candidate("Ada Fenn", 2)), {"deleted": True}),
        (target(candidate("Ada Fenn", 2), found_by="name"), {"found_by": "name"}),
    ],
)
def test_what_has_to_be_read_anew(asked, facts):
    assert judged_again(asked, before(**facts)) is None


def test_a_page_that_is_not_there_is_remembered_for_the_same_records():
    gone = judged_again(target(candidate("Wren Hollow")), before(deleted=True, images=[]))
    assert gone is not None
    assert gone.row["deleted"]


def visited(path: str, page_id: str, address: str, name: str = "Orla Veit") -> Outcome:
    """What comes of asking IAFD for `path` where the answer is `name`'s page from `address`."""

    async def fetch(request: Request) -> HtmlResponse:
        assert request.url == f"https://www.iafd.com{path}"
        return HtmlResponse(address, body=b"<h1>A page</h1>")

    shown = Profile(name=name, images=(Image(url="https://www.iafd.com/g/o.jpg"),))
    visitor = Visitor(shipped_sources()["iafd"], fetch, WEEK_1, lambda body, url: shown, None)
    asked = target(candidate("Orla Veit"), page_id=page_id, path=path)
    return asyncio.run(visitor.visit(asked, None))


@pytest.mark.parametrize(
    ("path", "page_id", "address"),
    [
        ("perfid=orlaveit/gender=f", "orlaveit", f"{IAFD}id={UUID}"),
        ("perfid=orlaveit/gender=f", "orlaveit", f"{IAFD}perfid=OrlaVeit/gender=f/o.htm"),
        (f"id={UUID}", UUID, f"{IAFD}perfid=orlaveit/gender=f/orla-veit.htm"),
    ],
)
def test_a_redirect_between_two_kinds_of_ids_is_the_same_person(path, page_id, address):
    assert visited(f"/person.rme/{path}", page_id, address).kind == "read"
    other = visited(f"/person.rme/{path}", page_id, address, name="Ada Fenn")
    assert other.kind == "unconfirmed"  # not gone: a person has to look


@pytest.mark.parametrize(
    ("path", "page_id", "address"),
    [
        ("perfid=orlaveit/gender=f", "orlaveit", f"{IAFD}perfid=adafenn/a.htm"),
        (f"id={UUID}", UUID, f"{IAFD}id={UUID.replace('0', '1')}"),
    ],
)
def test_a_redirect_to_another_id_of_the_same_kind_is_somebody_else(path, page_id, address):
    assert visited(f"/person.rme/{path}", page_id, address, name="Ada Fenn").kind == "missing"
