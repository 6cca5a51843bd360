"""Whatever a site sends ends in a profile or a `PageError`, in bounded time."""

from __future__ import annotations

import signal
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapy_project.parsing.html import (
    MAX_BYTES,
    clean,
    document,
    elements,
    lines_of,
    texts_of,
    tidy,
    without,
)
from scrapy_project.parsing.profile import PageError, Profile
from scrapy_project.parsing.urls import absolute, addresses
from tests.recorded.test_recorded_pages import PAGES, spider_of

SITES = ("babepedia", "boobpedia", "freeones", "iafd", "thenude")
URLS = {
    "babepedia": "https://www.babepedia.com/babe/Vela_Quist",
    "boobpedia": "https://www.boobpedia.com/boobs/Vela_Quist",
    "freeones": "https://www.freeones.com/vela-quist/photos",
    "iafd": "https://www.iafd.com/person.rme/perfid=velaquist/Vela-Quist.htm",
    "thenude": "https://www.thenude.com/Vela%20Quist_4711.htm",
}
HEAD = "<html><head><title>Vela Quist - Site</title></head><body><h1>Vela Quist</h1>"
ROWS = (
    '<p class="bioheading">AKA</p><div class="biodata">x</div><span class="label">a:</span>'
    '<span class="value">b</span><table class="infobox"><tr><th>a</th><td>b</td></tr>'
    '<a class="image"><img src="/pics/a_thumb.jpg"></a>'
    '<li><span class="list-quest">Born:</span>1985'
)
# The same of the sites as they are built today.
NEW_HEAD = (
    '<h1 id="babename">Vela Quist</h1><div id="bioarea"><div id="profbox2"><h2 id="aka">a - b'
)
NEW_ROWS = (
    '<div id="personal-info-block"><div class="info-item"><span class="label">Born:</span>1985'
    '<a class="img" href="/pics/a.jpg"><img src="/pics/a_thumb3.jpg"></a><span class="fi fi-xx">'
    '<li><span>Height:</span><span data-test="link_span_height">1</span><form><a href="//x.y/z">'
    '<figure><a data-type="photo" href="/photo/s/1440x0/a/b.jpg"><div class="locked-last-slide">'
    '<li><span class="list-quest">AKA:</span><a>x</a><img src="/models/V_4711/medhead.jpg">'
)
JSON_LD = '<script type="application/ld+json">'
MANY = 20_000
HOSTILE = {
    "nothing": b"",
    "nulls": b"\0" * 1000,
    "no_html": b"\xff\xd8\xff\xe0 a picture",
    "deep": (HEAD + "<div class='biodata infobox image'>x" * 50_000).encode(),
    "deep_tables": (HEAD + "<table class='infobox'><tr><td>x" * 50_000).encode(),
    "deep_links": (HEAD + "<a class='image' href='/x/photos/y'>x" * 50_000).encode(),
    "many_rows": (HEAD + ROWS * MANY).encode(),
    "many_new_rows": (HEAD + NEW_HEAD + NEW_ROWS * 5_000).encode(),
    "deep_locks": (HEAD + NEW_HEAD + '<div class="locked info-item">x' * 50_000).encode(),
    "deep_json": (HEAD + JSON_LD + "[" * 500_000 + "</script>").encode(),
    "wide_json": (HEAD + JSON_LD + '[{"@type": "ImageGallery"},' * 50_000 + "</script>").encode(),
    "long_line": (HEAD + NEW_HEAD + " - x" * 500_000).encode(),
    "tags_without_end": (HEAD + "<a " * 300_000).encode(),
    "one_word": (HEAD + "x" * 3_000_000).encode(),
    "entities": (HEAD + "&lt;" * 500_000).encode(),
    "too_big": b"<html>" + b" " * MAX_BYTES,
    "wrong_codec": b"<meta charset='hex'><title>Vela - x</title><h1>Vela</h1>",
    "slow_codec": b"<meta charset='punycode'>\xff" + b"<h1>Vela</h1>" * 50_000,
    "bad_addresses": (
        HEAD + "<img src='http://[::1'><a href='//:99999/x'>y</a><img src='javascript:1'>"
    ).encode(),
    "surrogates": (HEAD + "<h1>&#xD800;&#x110000;</h1>").encode() + b"\xed\xa0\x80",
}


@contextmanager
def within(seconds: int):
    """The test fails where the block takes longer; generous, since the machine may be busy."""

    def stop(signum, frame):
        raise AssertionError(f"took more than {seconds} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def outcome(site: str, body: bytes) -> Profile | PageError:
    try:
        return spider_of(site).parse_page(body, URLS[site])
    except PageError as error:
        return error


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("site", SITES)
def test_a_hostile_page_gives_a_profile_or_a_page_error(site, case):
    with within(60):
        assert isinstance(outcome(site, HOSTILE[case]), Profile | PageError)


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_gallery_gives_pictures_or_a_page_error(case):
    parse_more = spider_of("freeones").parse_more
    assert parse_more is not None
    with within(60):
        try:
            assert isinstance(parse_more(HOSTILE[case], URLS["freeones"] + "/one"), tuple)
        except PageError as error:
            assert error.kind in ("missing_page", "field_missing", "field_invalid")


@pytest.mark.parametrize("site", SITES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_a_mutated_page_gives_a_profile_or_a_page_error(site, data):
    pages = sorted((PAGES / site).glob("*.html"))
    body = bytearray(data.draw(st.sampled_from(pages)).read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(body)))
        end = min(len(body), at + data.draw(st.integers(0, 40)))
        body[at:end] = data.draw(st.binary(max_size=12))
    assert isinstance(outcome(site, bytes(body)), Profile | PageError)


@pytest.mark.parametrize("site", SITES)
@given(body=st.binary(max_size=400))
@settings(max_examples=30, deadline=None)
def test_any_bytes_give_a_profile_or_a_page_error(site, body):
    assert isinstance(outcome(site, b"<title>" + body), Profile | PageError)


@given(st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_tidy_text_is_stable_and_has_no_control_characters(text):
    once = tidy(text)
    assert tidy(once) == once
    assert once is None or once == " ".join(once.split())
    assert once is None or not any(ord(c) < 32 or 0xD800 <= ord(c) <= 0xDFFF for c in once)


@given(st.text(max_size=60))
@settings(max_examples=200, deadline=None)
def test_an_address_is_absolute_http_or_none_and_stays_itself(value):
    address = absolute("https://www.example.org/a/b", value)
    if address is not None:
        assert address.startswith(("http://", "https://"))
        assert absolute("https://other.example", address) == address


@pytest.mark.parametrize(
    ("value", "address"),
    [
        ("/x y.jpg", "https://h.example/x%20y.jpg"),
        ("x.jpg#top", "https://h.example/a/x.jpg"),
        ("//cdn.example/x.jpg", "https://cdn.example/x.jpg"),
        ("javascript:alert(1)", None),
        ("data:image/png;base64,xx", None),
        ("https://user:secret@h.example/x", None),
        ("http://[::1", None),
        ("x" * 3000, None),
        ("", None),
    ],
)
def test_an_address_is_resolved_or_refused(value, address):
    assert absolute("https://h.example/a/b", value) == address


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("<meta charset=latin-1><h1>Zoë</h1>".encode("latin-1"), "Zoë"),
        ("<meta charset=latin-1><h1>Zoë</h1>".encode(), "Zoë"),
        ("<h1>Zoë</h1>".encode("cp1252"), "Zoë"),
        ("<h1>Zoë</h1>".encode("utf-16"), "Zoë"),
        ("<meta charset=shift_jis><h1>そら</h1>".encode("shift_jis"), "そら"),
        ("\ufeff<h1>Zoë</h1>".encode(), "Zoë"),
    ],
)
def test_text_is_read_in_the_encoding_that_it_has(body, name):
    assert document(body).css("h1::text").get() == name


def test_elements_of_several_queries_come_in_the_pages_order_each_once():
    page = document(b"<p class=a>1</p><i>2</i><p class=a>3</p>")
    assert [e.root.text for e in elements(page, "p", "i", ".a")] == ["1", "2", "3"]
    images = document(b"<a href=/1></a><img src=2><a href=/3></a><a>no</a>")
    found = addresses(images, "http://h/", "img::attr(src)", "a::attr(href)")
    assert list(found) == ["http://h/1", "http://h/2", "http://h/3"]


def test_lines_end_where_a_break_or_a_block_does():
    page = document(b"<td>a <b>b</b>\n c<br>d<script>x</script><p>e</p>f<!-- g --> h</td>")
    assert lines_of(page) == ["a b c", "d", "e", "f h"]


def test_what_is_taken_out_of_a_page_leaves_the_text_behind_it():
    page = without(document(b"<p>a<sup>[1]</sup>, b<sup>[2]<sup>x</sup></sup> c</p>"), "sup")
    assert texts_of(page) == ["a, b c"]


def test_source_is_cleaned_of_tags_once_and_plain_text_is_left_as_it_is():
    assert clean("<p>&lt;b&gt;Bold &amp;amp; x</p>") == "<b>Bold &amp; x"
    assert tidy("<b>Bold</b>\x00 &amp; x") == "<b>Bold</b> &amp; x"
    assert tidy(" No Data ") is None
