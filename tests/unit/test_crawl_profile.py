"""Crawls of a reference site: pages and pictures, weeks, doubts, and what goes wrong."""

from __future__ import annotations

import pytest

from tests.recorded.profile_box import (
    LATER,
    LATER_STILL,
    WEEK_2,
    ProfileBench,
    linked,
    page,
    record,
    serve_site,
)

FULL, THUMB = "/wiki/images/a/ab/", "/wiki/images/thumb/a/ab/"


@pytest.fixture
def bench(tmp_path):
    with serve_site() as site:
        site.person("Wren_Hollow", "Wren Hollow", "w1.jpg", "w2.jpg")
        site.person("Ada_Fenn", "Ada Fenn", "a1.jpg")
        records = [linked(1, "Wren_Hollow", "Wren Hollow"), linked(2, "Ada_Fenn", "Ada Fenn")]
        yield ProfileBench(site, tmp_path, records)


def test_linked_pages_are_read_and_their_pictures_fetched_in_full(bench):
    manifest = bench.crawl()
    assert (manifest.status, manifest.reason) == ("complete", None)
    assert manifest.full_sweep
    assert {path for path in bench.site.asked() if path.startswith("/boobs/")} == {
        "/boobs/Ada_Fenn",
        "/boobs/Wren_Hollow",
    }
    row = bench.rows()["Wren_Hollow"]
    assert (row["name"], row["birth_date"], row["found_by"]) == ("Wren Hollow", "1980-02-03", "url")
    assert row["owners"] == [{"source": "stashdb", "source_id": "s1"}]
    assert row["page_url"] == f"{bench.site.base}/boobs/Wren_Hollow"
    assert row["etag"] and row["fetched_at"]
    fetched = {r["url"].removeprefix(bench.site.base) for r in bench.images() if r["sha256"]}
    assert fetched == {f"{FULL}{name}" for name in ("w1.jpg", "w2.jpg", "a1.jpg")}
    assert manifest.counts["pages_read"] == 2


def test_who_has_most_scenes_is_visited_first(bench):
    bench.overrides = {"concurrent_requests": 1}  # side by side they may arrive in any order
    bench.crawl()
    pages = [path for path in bench.site.asked() if path.startswith("/boobs/")]
    assert pages == ["/boobs/Ada_Fenn", "/boobs/Wren_Hollow"]


def test_a_career_that_goes_on_in_the_year_of_the_run_has_no_end(bench):
    years = "<tr><td>Years active:</td><td>2003&ndash;{}</td></tr></table>"
    for slug, last in (("Wren_Hollow", 2025), ("Ada_Fenn", 2024)):
        body = bench.site.pages[f"/boobs/{slug}"].decode()
        changed = body.replace("</table>", years.format(last)).encode()
        bench.site.pages[f"/boobs/{slug}"] = changed
    bench.crawl()  # on a day of 2026
    ends = {slug: row["career_end_year"] for slug, row in bench.rows().items()}
    assert ends == {"Wren_Hollow": None, "Ada_Fenn": 2024}
    assert {row["career_start_year"] for row in bench.rows().values()} == {2003}


def test_a_picture_that_is_gone_in_full_is_fetched_small(bench):
    del bench.site.images[f"{FULL}w1.jpg"]
    bench.site.images[f"{THUMB}w1.jpg/120px-w1.jpg"] = b"\xff\xd8\xff\xe0small"
    bench.crawl()
    states = {r["url"].removeprefix(bench.site.base): r["status"] for r in bench.images()}
    assert states[f"{FULL}w1.jpg"] == "refused"
    assert states[f"{THUMB}w1.jpg/120px-w1.jpg"] == "fetched"
    assert f"{THUMB}w2.jpg/120px-w2.jpg" not in states
    bench.publish("r1")
    bench.site.asked()
    bench.crawl("r2", WEEK_2)
    assert bench.site.asked() == []  # neither the page nor the picture in either size


def test_a_young_page_is_not_asked_again_and_an_old_one_only_whether_it_changed(bench):
    bench.crawl()
    bench.publish("r1")
    bench.site.asked()
    second = bench.crawl("r2", WEEK_2)
    assert bench.site.asked() == []
    assert second.counts["pages_known"] == 2
    bench.publish("r2")
    bench.site.person("Ada_Fenn", "Ada Fenn", "a1.jpg", "a2.jpg")
    third = bench.crawl("r3", LATER)
    assert third.counts["pages_not_modified"] == third.counts["pages_read"] == 1
    assert bench.site.asked()[2:] == [f"{FULL}a2.jpg"]
    snapshot = bench.publish("r3")
    assert sorted(snapshot["name"]) == ["Ada Fenn", "Wren Hollow"]
    assert snapshot["deleted"].to_list() == [False, False]


def test_a_full_refresh_asks_young_pages_too(bench):
    bench.crawl()
    bench.publish("r1")
    bench.site.asked()
    manifest = bench.crawl("r2", WEEK_2, full_refresh=True)
    assert manifest.counts["pages_not_modified"] == 2


def test_a_missing_page_is_remembered_and_its_person_no_longer_there(bench):
    bench.crawl()
    bench.publish("r1")
    del bench.site.pages["/boobs/Ada_Fenn"]
    bench.crawl("r2", LATER)
    snapshot = bench.publish("r2")
    assert dict(snapshot.select("source_id", "deleted").iter_rows()) == {
        "Ada_Fenn": True,
        "Wren_Hollow": False,
    }
    bench.site.asked()
    third = bench.crawl("r3", LATER_STILL)
    assert bench.site.asked() == []
    assert third.counts["pages_known"] == 2


def test_the_sites_own_words_make_a_page_missing_and_a_404_in_a_name_does_not(bench):
    bench.site.pages["/boobs/Ada_Fenn"] = b"<title>x</title>There is currently no text in this page"
    bench.site.person("Wren_Hollow", "Wren Hollow 404", "404.jpg")
    manifest = bench.crawl()
    assert (manifest.counts["pages_missing"], manifest.counts["pages_read"]) == (1, 1)


def test_a_page_that_moved_is_named_by_field_and_url_and_its_last_row_stays(bench):
    bench.crawl()
    bench.publish("r1")
    bench.site.pages["/boobs/Ada_Fenn"] = b"<html><body>all new</body></html>"
    manifest = bench.crawl("r2", LATER)
    error = next(e for e in manifest.errors if e.kind == "field_missing")
    assert error.field == "infobox"
    assert error.url == f"{bench.site.base}/boobs/Ada_Fenn"
    assert manifest.status == "complete"
    snapshot = bench.publish("r2")
    assert snapshot.filter(source_id="Ada_Fenn")["deleted"].to_list() == [False]


def test_a_site_whose_every_page_moved_fails_and_keeps_its_snapshot(bench):
    bench.crawl()
    bench.publish("r1")
    bench.site.pages = dict.fromkeys(bench.site.pages, b"<html><body>all new</body></html>")
    manifest = bench.crawl("r2", LATER)
    assert manifest.status == "failed"
    assert "pages_readable" in (manifest.reason or "")


def test_pages_that_cannot_be_had_keep_their_rows(bench):
    bench.crawl()
    bench.publish("r1")
    bench.site.before = lambda path: (500, {}, b"") if path == "/boobs/Ada_Fenn" else None
    manifest = bench.crawl("r2", LATER)
    assert manifest.counts["pages_failed"] == 1
    assert [e.kind for e in manifest.errors] == ["http_500"]
    assert bench.publish("r2")["deleted"].to_list() == [False, False]


def test_another_birth_date_makes_a_linked_page_doubtful_and_its_pictures_are_left_alone(bench):
    bench.site.person("Ada_Fenn", "Ada Fenn", "a1.jpg", born="May 5, 1991")
    manifest = bench.crawl()
    assert manifest.counts["pages_unconfirmed"] == 1
    error = next(e for e in manifest.errors if e.kind == "unconfirmed")
    assert "1991-05-05" in error.message and "1980-02-03" in error.message
    assert bench.rows()["Ada_Fenn"]["images"] == []
    assert f"{FULL}a1.jpg" not in bench.site.asked()


def test_a_page_found_by_name_needs_a_second_fact(bench):
    bench.records = [record(1, "Wren Hollow"), record(2, "Ada Fenn", birth_date=None)]
    manifest = bench.crawl(reference_mode="name")
    rows = bench.rows()
    assert rows["Wren_Hollow"]["confirmed_by"] == "birth date 1980-02-03"
    assert rows["Wren_Hollow"]["found_by"] == "name"
    assert rows["Ada_Fenn"]["confirmed_by"] is None
    assert rows["Ada_Fenn"]["owners"] == [{"source": "stashdb", "source_id": "s2"}]
    assert manifest.counts["pages_unconfirmed"] == 1
    assert f"{FULL}a1.jpg" not in bench.site.asked()


def test_of_two_people_of_one_name_the_page_is_the_one_whose_facts_agree(bench):
    bench.records = [record(1, "Wren Hollow", birth_date="1971-06-06"), record(2, "Wren Hollow")]
    bench.crawl(reference_mode="name")
    row = bench.rows()["Wren_Hollow"]
    assert row["owners"] == [{"source": "stashdb", "source_id": "s2"}]


def test_a_redirect_to_somebody_else_means_that_nobody_is_there(bench):
    bench.site.before = lambda path: (
        (302, {"Location": "/boobs/Wren_Hollow"}, b"") if path == "/boobs/Ada_Fenn" else None
    )
    manifest = bench.crawl()
    assert (manifest.counts["pages_missing"], manifest.counts["pages_read"]) == (1, 1), (
        manifest.errors
    )
    assert bench.rows()["Ada_Fenn"]["deleted"]


def test_robots_that_forbid_the_pages_block_the_source(bench):
    bench.site.robots = b"User-agent: *\nDisallow: /boobs/\n"
    manifest = bench.crawl()
    assert manifest.status == "blocked"
    assert "robots.txt" in (manifest.reason or "")
    assert bench.site.asked() == []


def test_refusals_in_a_row_block_the_source_and_what_was_read_stays(bench):
    people = [(f"Person_{n}", f"Person {n}") for n in range(40)]
    for slug, name in people:
        bench.site.person(slug, name)
    bench.records = [linked(n, slug, name) for n, (slug, name) in enumerate(people)]
    seen = []

    def storm(path):
        seen.append(path)
        return (403, {}, b"no") if len(seen) > 8 and path.startswith("/boobs/") else None

    bench.site.before = storm
    manifest = bench.crawl()
    assert manifest.status == "blocked"
    assert "in a row" in (manifest.reason or "")
    assert len(bench.rows()) >= 5
    assert len([p for p in bench.site.asked() if p.startswith("/boobs/")]) < 30


def test_pictures_of_other_sites_are_not_asked_for(bench):
    extra = b'<a class="image"><img src="http://127.0.0.2:9/wiki/images/a/ab/x.jpg"></a></body>'
    bench.site.pages["/boobs/Ada_Fenn"] = page("Ada Fenn").replace(b"</body>", extra)
    manifest = bench.crawl()
    error = next(e for e in manifest.errors if e.kind == "foreign_host")
    assert error.url == "http://127.0.0.2:9/wiki/images/a/ab/x.jpg"
    assert bench.rows()["Ada_Fenn"]["images"] == []


def test_a_picture_is_asked_for_with_its_page_where_the_source_wants_that(bench):
    bench.overrides = {"image_referer": True, "concurrent_requests": 1}
    bench.crawl()
    place = bench.site.log.index(f"{FULL}a1.jpg")
    assert bench.site.headers[place]["referer"] == f"{bench.site.base}/boobs/Ada_Fenn"


def test_nobody_to_look_for_is_a_good_crawl_of_nothing(bench):
    bench.records = []
    manifest = bench.crawl()
    assert manifest.status == "complete"
    assert bench.site.asked() == []


def test_a_crawl_that_was_cut_off_goes_on_where_it_was(bench):
    people = [(f"Person_{n:03d}", f"Person {n:03d}") for n in range(60)]
    for slug, name in people:
        bench.site.person(slug, name)
    bench.records = [linked(n, slug, name) for n, (slug, name) in enumerate(people)]
    bench.site.before = lambda path: (
        (403, {}, b"") if len(bench.site.log) > 40 and path.startswith("/boobs/") else None
    )
    assert bench.crawl().status == "blocked"
    settled = set(bench.rows())
    bench.site.before = lambda path: None
    bench.site.asked()
    manifest = bench.crawl()
    assert manifest.status == "complete", (manifest.reason, manifest.errors)
    again = {path.removeprefix("/boobs/") for path in bench.site.asked()}
    assert len(settled) >= 25
    assert not settled & again
    assert len(bench.rows()) == manifest.counts["performers"] == 60
