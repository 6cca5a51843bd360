"""A reference site whose crawl failed: a retry asks again for what did not hold, and no more."""

from __future__ import annotations

import pytest

from tests.recorded.profile_box import ProfileBench, linked, page, serve_site
from tests.web_server import Answer

PEOPLE = [(f"Person_{n:03d}", f"Person {n:03d}") for n in range(24)]


@pytest.fixture
def bench(tmp_path):
    with serve_site() as site:
        for slug, name in PEOPLE:
            site.person(slug, name, f"{slug}.jpg")
        records = [linked(n, slug, name) for n, (slug, name) in enumerate(PEOPLE)]
        yield ProfileBench(site, tmp_path, records)


def asked_pages(bench: ProfileBench) -> set[str]:
    return {path for path in bench.site.asked() if path.startswith("/boobs/")}


def of(slugs) -> set[str]:
    return {f"/boobs/{slug}" for slug, _ in slugs}


TROUBLES: dict[str, tuple[Answer, int, str]] = {
    # What the pages are for a while, of how many, and the check that does not hold
    "another layout": ((200, {}, b"<html><body>all new</body></html>"), 6, "pages_readable"),
    "not there": ((404, {}, b""), 14, "share_of_pages"),
    "no answer": ((500, {}, b""), 8, "pages_had"),
}


@pytest.mark.parametrize("case", TROUBLES)
def test_a_retry_asks_again_for_what_did_not_hold_and_for_no_more(bench: ProfileBench, case):
    answer, many, check = TROUBLES[case]
    bad = of(PEOPLE[:many])
    bench.site.before = lambda path: answer if path in bad else None
    manifest = bench.crawl(enable_faces=False)
    assert manifest.status == "failed" and check in (manifest.reason or "")
    assert asked_pages(bench) == of(PEOPLE)

    bench.site.before = lambda path: None
    manifest = bench.crawl(enable_faces=False)
    assert manifest.status == "complete", manifest.reason
    assert asked_pages(bench) == bad
    assert len(bench.rows()) == manifest.counts["performers"] == len(PEOPLE)
    assert manifest.counts["pages_read"] == len(PEOPLE)
    rows = bench.publish("r1")
    assert not any(rows["deleted"].to_list())


def test_pages_that_came_without_their_pictures_are_asked_for_again(bench: ProfileBench):
    bench.overrides = {"assertions": {"min_share_with_image": 0.5}}
    names = {f"/boobs/{slug}": name for slug, name in PEOPLE}
    bench.site.before = lambda path: (200, {}, page(names[path])) if path in names else None
    manifest = bench.crawl()
    assert manifest.status == "failed" and "share_with_image" in (manifest.reason or "")

    bench.site.before = lambda path: None
    manifest = bench.crawl()
    assert manifest.status == "complete", manifest.reason
    assert manifest.counts["performers"] == len(PEOPLE)
    assert manifest.counts["pictures_fetched"] == len(PEOPLE)
    assert bench.publish("r1").height == len(PEOPLE)


def test_a_robots_txt_that_no_longer_forbids_is_believed(bench: ProfileBench):
    bench.overrides = {"concurrent_requests": 1}
    bench.site.robots = b"User-agent: *\nDisallow: /boobs/\n"
    assert bench.crawl(enable_faces=False).status == "blocked"
    bench.site.robots = b""
    manifest = bench.crawl(enable_faces=False)
    assert manifest.status == "complete", manifest.reason
    assert len(bench.rows()) == len(PEOPLE)


def test_what_was_missing_is_not_asked_for_again_where_the_crawl_was_only_cut_off(bench):
    bench.overrides = {"concurrent_requests": 1}
    gone = of(PEOPLE[:20])

    def cut_off(path):
        if path in gone:
            return 404, {}, b""
        return (403, {}, b"") if path.startswith("/boobs/") else None

    bench.records += [linked(100 + n, f"Other_{n}", f"Other {n}") for n in range(12)]
    for n in range(12):
        bench.site.person(f"Other_{n}", f"Other {n}")
    for one in bench.records:
        one["scene_count"] = 1_000 if f"/boobs/{one['name'].replace(' ', '_')}" in gone else 1
    bench.site.before = cut_off
    assert bench.crawl(enable_faces=False).status == "blocked"
    asked_pages(bench)
    bench.site.before = lambda path: (404, {}, b"") if path in gone else None
    bench.crawl(enable_faces=False)
    assert not asked_pages(bench) & gone
