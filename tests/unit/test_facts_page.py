"""A site with a person's facts on another page than the pictures: both make one profile."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from scrapy.http import HtmlResponse, Request

from scrapy_project.failures import FetchFailed
from scrapy_project.parsing.profile import PageError
from scrapy_project.sources.freeones.spider import facts_page, parse_more, parse_page
from scrapy_project.storage.report import CrawlStopped
from scrapy_project.visit import Visitor
from trainer.config.sources import shipped_sources
from trainer.staging.rows import Target

BASE = "https://www.freeones.com"
MOMENT = "2026-02-01T00:00:00Z"
PHOTOS, BIO = "/orla-veit/photos", "/orla-veit/bio"
THUMBS = "https://thumbs.freeones.com/photo"


def photo(number: int) -> str:
    return f"{THUMBS}/whole{number}/1440x0/filters:quality(85)/a/b/{number}.jpg"


def photos_page(galleries: int = 1) -> str:
    links = "".join(f'<a href="{PHOTOS}/set-{n}">{n}</a>' for n in range(galleries))
    return (
        f'<h1>Orla Veit</h1>{links}<div class="dashboard-image-container">'
        f'<img src="{THUMBS}/cut/350x350/filters:quality(85)/a/b/0.jpg"></div>'
    )


def bio_page(name: str = "Orla Veit", born: str = "March 4, 1985") -> str:
    return (
        f'<h1><svg><title>{name} identifies as Female</title></svg>{name}</h1><ul class="x">'
        f"<li><span>Date of birth:</span><span>{born}</span></li>"
        "<li><span>Aliases:</span><span>Tamsin Vee</span></li></ul>"
    )


def gallery(number: int) -> str:
    return f'<a data-id="1" data-type="photo" href="{photo(number)}">1</a>'


def answers(**others: Any) -> dict[str, Any]:
    known = {PHOTOS: photos_page(), BIO: bio_page(), f"{PHOTOS}/set-0": gallery(0)}
    return known | {f"/orla-veit/{path}": answer for path, answer in others.items()}


def target(found_by: str = "name", **facts: Any) -> Target:
    candidate: dict[str, Any] = {
        "source": "stashdb",
        "source_id": "s1",
        "name": "Orla Veit",
        "aliases": [],
        "birth_date": "1985-03-04",
        "country": None,
        "urls": [],
    }
    row = {
        "page_id": "orla-veit",
        "path": PHOTOS,
        "found_by": found_by,
        "candidates": [candidate | facts],
    }
    return cast("Target", row)


def visit(pages: dict[str, Any], wanted: Target, earlier: Any = None):
    """The outcome, and what was asked for."""
    asked: list[Request] = []

    async def fetch(request: Request) -> HtmlResponse:
        asked.append(request)
        answer = pages.get(request.url.removeprefix(BASE), 404)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, int):
            return HtmlResponse(request.url, status=answer, body=b"<p>x</p>")
        if isinstance(answer, tuple):  # redirected
            return HtmlResponse(BASE + answer[0], body=answer[1].encode())
        return HtmlResponse(request.url, body=answer.encode())

    source = shipped_sources()["freeones"]
    visitor = Visitor(source, fetch, MOMENT, parse_page, parse_more, facts_page)
    return asyncio.run(visitor.visit(wanted, earlier)), asked


def test_a_page_found_by_name_is_confirmed_by_the_facts_of_the_other_page():
    outcome, asked = visit(answers(), target())
    assert outcome.kind == "read"
    assert outcome.row["confirmed_by"] == "birth date 1985-03-04"
    assert (outcome.row["gender"], outcome.row["aliases"]) == ("FEMALE", ["Tamsin Vee"])
    assert [image["url"] for image in outcome.row["images"]] == [photo(0)]
    paths = [request.url.removeprefix(BASE) for request in asked]
    assert paths == [PHOTOS, BIO, f"{PHOTOS}/set-0"]


def test_facts_that_contradict_keep_the_galleries_closed():
    outcome, asked = visit(answers(bio=bio_page(born="May 5, 1991")), target("url"))
    assert outcome.kind == "unconfirmed"
    assert len(asked) == 2
    assert outcome.row["images"] == []


def test_facts_of_somebody_else_are_not_taken():
    outcome, _ = visit(answers(bio=bio_page("Brisa Okwell")), target())
    assert outcome.kind == "unconfirmed"
    assert outcome.row["birth_date"] is None and outcome.row["aliases"] == []
    assert [error.kind for error in outcome.errors] == ["unconfirmed", "unconfirmed"]
    assert "Brisa Okwell" in outcome.errors[0].message


def test_facts_of_a_page_that_leads_to_another_person_are_not_taken():
    outcome, _ = visit(answers(bio=("/brisa-okwell/bio", bio_page())), target("url"))
    assert outcome.kind == "read"
    assert outcome.row["birth_date"] is None
    assert [error.kind for error in outcome.errors] == ["missing_page"]


@pytest.mark.parametrize(
    ("answer", "kind", "by_name"),
    [
        (404, "http_404", "unconfirmed"),
        (503, "http_503", "failed"),
        ("<title>Just a moment...</title>", "challenge", "failed"),
        ("<p>all new</p>", "field_missing", "unreadable"),
        (FetchFailed("network", "late"), "network", "failed"),
        (FetchFailed("robots", "Forbidden by robots.txt"), "robots", "unconfirmed"),
    ],
)
def test_without_the_other_page_a_visit_goes_on_and_a_name_is_not_doubted_for_good(
    answer, kind, by_name
):
    linked, _ = visit(answers(bio=answer), target("url"))
    assert linked.kind == "read"
    assert [(error.kind, error.url) for error in linked.errors] == [(kind, BASE + BIO)]
    assert [image["url"] for image in linked.row["images"]] == [photo(0)]
    named, _ = visit(answers(bio=answer), target())
    assert named.kind == by_name
    assert named.errors[0].kind == kind
    assert (named.row is None) == (by_name != "unconfirmed")


def test_a_host_that_asks_to_be_left_alone_is():
    with pytest.raises(CrawlStopped):
        visit(answers(bio=FetchFailed("held", "for an hour")), target("url"))


def test_many_covers_are_no_reason_to_leave_the_galleries_unopened():
    pages = answers(photos=photos_page(24)) | {f"{PHOTOS}/set-{n}": gallery(n) for n in range(24)}
    outcome, asked = visit(pages, target())
    assert [image["url"] for image in outcome.row["images"]] == [photo(n) for n in range(5)]
    assert len(asked) == 2 + 5


def test_the_pictures_page_is_asked_whole_since_the_facts_may_have_changed_alone():
    first, _ = visit(answers(), target("url"))
    earlier = first.row | {"etag": '"1"', "last_modified": None}
    _, asked = visit(answers(), target("url"), earlier)
    assert "If-None-Match" not in asked[0].headers


@pytest.mark.parametrize(
    ("page", "address"),
    [
        ("/orla-veit/photos", "/orla-veit/bio"),
        ("/orla-veit/photos/?page=2#x", "/orla-veit/bio"),
        ("/Orla-Veit", "/Orla-Veit/bio"),
        ("/de/orla-veit/photos", "/orla-veit/bio"),
        ("/orla-veit/bio", None),
        ("/", None),
    ],
)
def test_the_address_of_the_facts(page, address):
    assert facts_page(BASE + page) == (address and BASE + address)


@pytest.mark.parametrize("path", ["/photos/somebody-elses-set", "/", "/brisa-okwell", "/a/b/c/d"])
def test_a_page_that_is_no_persons_gallery_gives_no_pictures(path):
    with pytest.raises(PageError):
        parse_more(gallery(1).encode(), BASE + path)
