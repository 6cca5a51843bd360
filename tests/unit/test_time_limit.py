"""`max_hours`: crawling ends then, says what is left, and the next build goes on there."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest
from scrapy.http import Request, Response

from scrapy_project.image_downloads import ImageDownloads
from scrapy_project.storage.report import CrawlReport
from tests.recorded.bench import Bench, make_bench
from tests.recorded.box import JPEG, serve
from tests.recorded.profile_box import ProfileBench, linked, serve_site
from trainer.config.jobs import CrawlJob
from trainer.config.params import BuildParams, form_fields
from trainer.config.sources import shipped_sources
from trainer.crawl.time_limit import TimeLimit
from trainer.exclusions.entries import Exclusions
from trainer.staging.atomic import write_json
from trainer.staging.clock import iso, parse_iso
from trainer.staging.paths import RUN_MANIFEST, DataDir
from trainer.staging.progress import read_progress
from trainer.staging.rows import PerformerRecord

START = parse_iso("2026-02-01T00:00:00Z")


def job_of(root: Path, run_id: str, hours: int | None, beside: tuple[str, ...]) -> CrawlJob:
    return CrawlJob(
        run_id=run_id,
        data_dir=root,
        source=shipped_sources()["stashdb"],
        params=BuildParams(max_hours=hours),
        mode="full",
        crawled_beside=list(beside),
        started_at=iso(START),
        contact="x",
    )


def limit(
    root: Path, minutes: float, hours: int | None = 1, beside: tuple[str, ...] = ()
) -> TimeLimit:
    """Of a crawl that begins so many minutes after the build; `beside`: sources to come."""
    job = job_of(root, "r1", hours, beside)
    moments = iter([minutes, *range(int(minutes), 100_000)])
    return TimeLimit(job, lambda: START + timedelta(minutes=next(moments)))


def minutes_until_over(found: TimeLimit) -> int:
    return next(n for n in range(10_000) if found.is_over())


def test_without_a_limit_it_is_never_over(tmp_path):
    found = limit(tmp_path, 0, None)
    assert not any(found.is_over() for _ in range(5000))


def test_it_counts_from_the_start_of_the_build(tmp_path):
    assert minutes_until_over(limit(tmp_path, 20)) == 40
    assert minutes_until_over(limit(tmp_path, 70)) == 0


def test_sources_that_did_not_begin_get_their_share(tmp_path):
    assert minutes_until_over(limit(tmp_path, 0, beside=("fansdb", "theporndb"))) == 20
    for source in ("fansdb", "theporndb"):
        write_json(DataDir(tmp_path).run("r1").crawl_job(source), {})
    assert minutes_until_over(limit(tmp_path, 0, beside=("fansdb", "theporndb"))) == 60


def test_of_two_places_one_is_given_up_for_the_third_source(tmp_path):
    run = DataDir(tmp_path).run("r1")
    write_json(run.crawl_job("theporndb"), {})
    beside = ("fansdb", "theporndb")  # stashdb, of which the limit is, comes before theporndb
    assert minutes_until_over(limit(tmp_path, 0, beside=beside)) == 30
    run.crawl_job("theporndb").unlink()
    write_json(run.crawl_job("fansdb"), {})
    assert minutes_until_over(limit(tmp_path, 0, beside=beside)) == 60


def test_a_place_that_has_just_become_free_is_not_given_up_twice(tmp_path):
    run = DataDir(tmp_path).run("r1")
    write_json(run.crawl_job("fansdb"), {})
    found = limit(tmp_path, 0, beside=("fansdb", "theporndb"))
    assert not any(found.is_over() for _ in range(40))  # minutes
    run.staging("fansdb").mkdir(parents=True)
    write_json(run.staging("fansdb") / RUN_MANIFEST, {})  # theporndb is about to begin
    assert minutes_until_over(found) + 40 == 60


def test_the_form_may_be_left_empty():
    field = form_fields()["max_hours"]
    assert field["type"] == ["integer", "null"]
    assert (field["minimum"], field["maximum"], field["default"]) == (1, 1000, None)


@pytest.fixture
def bench(tmp_path, monkeypatch):
    with serve() as box:
        box.add(9)
        yield make_bench(box, tmp_path, monkeypatch)


def images(bench: Bench) -> list[str]:
    found = [path for path in bench.box.log if path.startswith("/img/")]
    bench.box.log.clear()
    return found


def test_the_list_is_read_and_the_next_build_fetches_the_pictures(bench: Bench):
    manifest = bench.crawl(max_hours=1)  # of a build of long ago: its time is over
    assert (manifest.status, manifest.full_sweep) == ("complete", True)
    assert manifest.counts["performers_live"] == 9
    assert manifest.counts["pictures_left"] == 9
    assert manifest.counts["pictures_not_needed"] == 0
    assert images(bench) == []
    bench.publish("r1")
    second = bench.crawl("r2")
    assert second.counts["pictures_fetched"] == 9
    assert "pictures_left" not in {k for k, count in second.counts.items() if count}


def fetch_images(
    root: Path, run_id: str, over_after: int, least: int = 0
) -> tuple[list[str], CrawlReport]:
    """What a crawl of 39 pictures asks for whose time is over after so many looks at the clock, but
    not before `least` pictures are here."""
    job = job_of(root, run_id, 1, ())
    directory = DataDir(root).run(run_id).staging("stashdb")
    directory.mkdir(parents=True)
    report = CrawlReport(job, directory)
    asked: list[str] = []

    async def fetch(request: Request) -> Response:
        asked.append(request.url)
        return Response(request.url, body=JPEG + request.url.encode())

    downloads = ImageDownloads(job, report, fetch, Exclusions())
    looks = iter(range(10_000))
    downloads._limit.is_over = lambda: next(looks) >= over_after  # type: ignore[method-assign]
    downloads._limit.least_images = least
    rows = [
        cast(
            "PerformerRecord",
            {"source_id": str(n), "deleted": False, "images": [{"url": f"http://a.test/{n}.jpg"}]},
        )
        for n in range(39)
    ]
    asyncio.run(downloads.run(rows, ()))
    return asked, report


def test_cut_short_it_fetches_nothing_twice(tmp_path):
    first, report = fetch_images(tmp_path, "r1", 15)
    assert 0 < len(first) < 39
    assert report.counts["pictures_left"] == 39 - len(first)
    figures = read_progress(DataDir(tmp_path).run("r1").staging("stashdb"))
    assert figures is not None
    assert (figures["done"], figures["total"]) == (len(first), 39)
    second, report = fetch_images(tmp_path, "r2", 10_000)
    assert report.counts["pictures_left"] == 0
    assert sorted(first + second) == sorted(f"http://a.test/{n}.jpg" for n in range(39))


def test_before_a_first_release_a_few_are_fetched_whatever_the_hour(tmp_path):
    fetched, report = fetch_images(tmp_path, "r1", 0, least=20)
    assert 20 <= len(fetched) < 39
    assert report.counts["pictures_left"] == 39 - len(fetched)
    assert report.counts["next_hour_performers"] == 39 - len(fetched)


def test_pages_of_a_reference_site_wait_for_the_next_build(tmp_path):
    with serve_site() as site:
        site.person("Ada_Fenn", "Ada Fenn", "a1.jpg")
        bench = ProfileBench(site, tmp_path, [linked(1, "Ada_Fenn", "Ada Fenn")])
        manifest = bench.crawl(max_hours=1)
        assert (manifest.status, manifest.full_sweep) == ("complete", False)
        assert manifest.counts["pages_left"] == 1
        assert site.asked() == []
        assert bench.publish("r1").is_empty()
        second = bench.crawl("r2")
        assert (second.counts["pages_read"], second.counts["pages_left"]) == (1, 0)


def test_pages_that_were_not_asked_for_are_not_gone(tmp_path):
    with serve_site() as site:
        site.person("Ada_Fenn", "Ada Fenn", "a1.jpg")
        bench = ProfileBench(site, tmp_path, [linked(1, "Ada_Fenn", "Ada Fenn")])
        bench.crawl()
        bench.publish("r1")
        bench.crawl("r2", "2026-06-01T00:00:00Z", max_hours=1)
        row = bench.publish("r2").row(0, named=True)
        assert (row["source_id"], row["deleted"]) == ("Ada_Fenn", False)
