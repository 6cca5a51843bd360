"""What a site's visitors wrote (comments, rel="ugc") is nobody's link and nobody's picture."""

from __future__ import annotations

from copy import deepcopy

import pytest
import yaml
from lxml import html

from scrapy_project.parsing.html import document
from scrapy_project.parsing.urls import addresses, outside
from scrapy_project.parsing.visitors import by_visitors
from tests.recorded.test_recorded_pages import PAGES, spider_of
from trainer.config.sources import shipped_sources

OTHER = "https://x.com/somebody_else"
MARKS = {
    "ugc": '<a rel="nofollow ugc" href="{}">{}</a>',
    "comments": '<div id="comments"><p><a href="{}">{}</a></p></div>',
    "commentlist": '<ol class="commentlist"><li><a href="{}">{}</a></li></ol>',
    "user-comments": '<span class="user-comments x"><a href="{}">{}</a></span>',
    "microdata": '<span itemscope itemtype="https://schema.org/Comment"><a href="{}">{}</a></span>',
}
UNMARKED = '<span class="no-comments comments-open"><a rel="nofollow" href="{}">{}</a></span>'


def normal(source: str) -> tuple[bytes, str]:
    expected = yaml.safe_load((PAGES / source / "normal.expected.yaml").read_text())
    return (PAGES / source / "normal.html").read_bytes(), expected["url"]


def links_of(source: str, body: bytes) -> tuple[str, ...]:
    return spider_of(source).parse_page(body, normal(source)[1]).links


SOURCES = [key for key, source in shipped_sources().items() if source.kind == "html_profile"]
WITH_LINKS = [key for key in SOURCES if links_of(key, normal(key)[0])]


def beside_each_link(body: bytes, piece: str) -> bytes:
    """The page with `piece` behind every link to another site, where the person's own ones are."""
    page = html.document_fromstring(body, parser=html.HTMLParser(encoding="utf-8"))
    for anchor in page.xpath("//a[starts-with(@href, 'http') or starts-with(@href, '//')]"):
        inside = [html.tostring(child, encoding="unicode", with_tail=False) for child in anchor]
        content = "".join([anchor.text or "", *inside])
        added = html.fragment_fromstring(piece.format(OTHER, content))
        added.tail, anchor.tail = anchor.tail, None
        anchor.addnext(deepcopy(added))
    return html.tostring(page, encoding="utf-8", doctype="<!doctype html>")


def test_most_sites_have_links():
    assert {"afdb", "babepedia", "boobpedia", "elitebabes", "iafd", "javdatabase"} <= set(
        WITH_LINKS
    )
    assert {"indexxx", "pornpics", "thenude"} <= set(WITH_LINKS)


@pytest.mark.parametrize("source", WITH_LINKS)
@pytest.mark.parametrize("mark", MARKS)
def test_a_visitors_link_is_not_taken(source, mark):
    body, _ = normal(source)
    changed = beside_each_link(body, MARKS[mark])
    assert changed.count(OTHER.encode()) >= 1
    assert links_of(source, changed) == links_of(source, body)


@pytest.mark.parametrize("source", WITH_LINKS)
def test_the_same_link_of_the_sites_own_is_taken(source):
    body, _ = normal(source)
    assert OTHER in links_of(source, beside_each_link(body, UNMARKED))


def test_a_picture_in_a_comment_is_nobodys():
    page = document(
        b'<body class="comments-open"><img src="/own.jpg"><ul class="comment-list"><li><img'
        b' src="/theirs.jpg"></ul><main id="comments"><img src="/more.jpg"></main></body>'
    )
    found = list(addresses(page, "https://site.example/x", "img::attr(src)"))
    assert [url.rpartition("/")[2] for url in found] == ["own.jpg", "more.jpg"]


def test_a_part_of_a_page_knows_what_is_around_it():
    page = document(b'<section class="post-comments"><p><a href="//x.com/a">x</a></p></section>')
    assert outside(page.css("p")[0], "https://site.example/", "a::attr(href)") == ()
    assert len(by_visitors(page.css("p")[0])) == 3
