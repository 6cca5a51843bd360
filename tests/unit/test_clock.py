"""A clock that is wrong once blocks nothing afterwards, and publishes nothing unasked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from scrapy.http import Request, Response

from scrapy_project.limits.middlewares.clock import COUNT, ClockMiddleware, seconds_off
from tests.unit.identity_world import IdentityWorld, creator, record, shot
from trainer.pipeline import clock_check as checked
from trainer.pipeline.clock_check import SERVERS, clock_check
from trainer.release.gate import GateResult
from trainer.release.publish import free_moment
from trainer.runs.record import RunRecord, list_records, write_record
from trainer.staging.clock import iso
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import DataDir

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
YEARS = timedelta(days=730)


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.setattr(checked, "now", lambda: NOW)
    world = IdentityWorld(tmp_path, {"stashdb": creator("stashdb")})
    return world.run("week-2", [record("stashdb", 1, "Ana Vask", shots=[shot(1, 0)])])


def ran(context, moment: datetime, run_id: str = "week-1") -> None:
    run = context.data.run(run_id)
    write_record(run, RunRecord(id=run_id, started_at=iso(moment), status="completed"))


def crawled(context, source: str, **counts: int) -> None:
    StageManifest(
        run_id="week-2", stage="crawl", name=source, status="complete", started_at=iso(NOW),
        completed_at=iso(NOW), counts=counts,
    ).write(context.run.staging(source))  # fmt: skip


def test_without_a_run_before_there_is_nothing_to_compare(context):
    assert clock_check(context).ok


def test_a_week_forward_is_no_question_and_a_jump_back_is_one(context):
    ran(context, NOW - timedelta(days=7))
    assert clock_check(context).ok
    ran(context, NOW + timedelta(hours=23))
    assert clock_check(context).ok
    ran(context, NOW + YEARS)
    found = clock_check(context)
    assert not found.ok and "2028-11-28T12:00:00Z" in found.actual
    lines = GateResult(passed=False, checks=[found]).failures()
    assert "set it right, then approve" in lines[0]


@pytest.mark.parametrize(("off", "side"), [(90_000, "ahead of"), (-90_000, "behind")])
def test_servers_that_all_disagree_are_a_question(context, off, side):
    crawled(context, "stashdb", **{SERVERS: off})
    assert f"25 hours {side}" in clock_check(context).actual
    crawled(context, "fansdb")  # one that agrees settles it
    assert clock_check(context).ok


def test_the_setting_answers_it(context, monkeypatch):
    crawled(context, "stashdb", **{SERVERS: 90_000})
    wide = context.settings.model_copy(update={"max_clock_jump_hours": 48.0})
    assert clock_check(type(context)(wide, context.data, context.run)).ok


class _Crawler:
    class spider:
        class report:
            counts: dict[str, int] = {}


def test_the_nearest_server_counts():
    crawler, request = _Crawler(), Request("http://pictures.example/")
    counts = crawler.spider.report.counts
    middleware = ClockMiddleware(crawler)
    far, unreadable = b"Mon, 01 Jan 2001 00:00:00 GMT", b"never"
    for date in (unreadable, far):
        middleware.process_response(request, Response(request.url, headers={"Date": date}))
    assert counts[COUNT] > 20 * 365 * 86_400
    today = f"{datetime.now(UTC):%a, %d %b %Y %H:%M:%S} GMT".encode()
    middleware.process_response(request, Response(request.url, headers={"Date": today}))
    assert COUNT not in counts and COUNT == SERVERS


def test_a_date_is_read_in_utc():
    assert seconds_off(b"Sun, 29 Nov 2026 11:00:00 GMT", NOW) == 3600
    assert seconds_off(None, NOW) is None


def test_a_release_of_the_future_does_not_keep_later_ones_from_becoming_current(tmp_path):
    data = DataDir(tmp_path)
    assert free_moment(data, NOW) == NOW
    data.release("20281129_235959").mkdir(parents=True)
    assert iso(free_moment(data, NOW)) == "2028-11-30T00:00:00Z"
    assert iso(free_moment(data, NOW, ["20281130_000000"])) == "2028-11-30T00:00:01Z"


def test_a_run_of_the_future_is_not_the_newest(context):
    ran(context, datetime.now(UTC) + YEARS, "of-the-future")
    ran(context, datetime.now(UTC), "today")
    assert [entry.run_id for entry in list_records(context.data)] == ["today", "of-the-future"]
