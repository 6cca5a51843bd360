"""`first_release_after_hours`: a first build releases early, once, and another goes on."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.recorded.bench import STARTED, make_bench
from tests.recorded.box import serve
from trainer.cli.builds import build_lines
from trainer.config.jobs import CrawlJob
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import shipped_sources
from trainer.crawl import run as crawl_run
from trainer.crawl.time_limit import LEAST_IMAGES, TimeLimit
from trainer.pipeline import build as build_module
from trainer.pipeline import follow_up as follow_up_module
from trainer.pipeline.follow_up import came_early, follow_up, is_first_release
from trainer.pipeline.steps.report import _source_stats
from trainer.runs.context import Plan, RunContext
from trainer.runs.record import RunRecord, SourceStats, write_record
from trainer.staging.atomic import read_json, write_json
from trainer.staging.clock import parse_iso
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import DataDir

START = parse_iso(STARTED)
SOURCE = shipped_sources()["stashdb"]


def plan_of(run_id: str, first: bool = True, **params: Any) -> Plan:
    return Plan(
        run_id=run_id,
        started_at=STARTED,
        version_id="20260201_000000",
        params=BuildParams(**params),
        pack_id="none",
        sources={"stashdb": SOURCE},
        base_release=None,
        first_release=first,
    )


def planned(root: Path, run_id: str, **kwargs: Any) -> RunContext:
    settings = Settings().model_copy(update={"data_dir": root})
    context = RunContext.open(settings, run_id)
    write_json(context.run.plan, plan_of(run_id, **kwargs).model_dump(mode="json"))
    return context


def crawled(context: RunContext, **counts: int) -> StageManifest:
    manifest = StageManifest(
        run_id=context.run.run_id,
        stage="crawl",
        name="stashdb",
        status="complete",
        started_at=STARTED,
        completed_at=STARTED,
        counts=counts,
    )
    context.run.staging("stashdb").mkdir(parents=True)
    manifest.write(context.run.staging("stashdb"))
    return manifest


def published(context: RunContext, yes: bool = True) -> None:
    write_json(context.run.step("publish"), {"published": yes, "release": "20260201_000000"})


def limit(root: Path, minutes: int, first: bool, **params: Any) -> TimeLimit:
    job = CrawlJob(
        run_id="r1",
        data_dir=root,
        source=SOURCE,
        params=BuildParams(**params),
        mode="full",
        started_at=STARTED,
        contact="x",
        first_release=first,
    )
    return TimeLimit(job, lambda: START + timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("params", "first", "minutes"),
    [
        ({}, True, 60),
        ({"first_release_after_hours": 3}, True, 180),
        ({"first_release_after_hours": None}, True, None),
        ({}, False, None),
        ({"max_hours": 2}, False, 120),
        ({"max_hours": 2}, True, 60),
        ({"max_hours": 2, "first_release_after_hours": 5}, True, 120),
    ],
)
def test_fetching_ends_after_the_shorter_time(tmp_path, params, first, minutes):
    over = [
        n
        for n in (0, 59, 60, 119, 120, 179, 180, 999)
        if limit(tmp_path, n, first, **params).is_over()
    ]
    assert (over[0] if over else None) == minutes


def test_a_hundred_faces_are_fetched_whatever_the_hour(tmp_path):
    assert limit(tmp_path, 60, True).least_images == LEAST_IMAGES
    assert limit(tmp_path, 60, True, max_hours=1).least_images == 0


def test_a_crawl_whose_hour_is_over_fetches_the_least_and_says_what_is_left(tmp_path, monkeypatch):
    with serve() as box:
        box.add(9)
        bench = make_bench(box, tmp_path, monkeypatch)
        bench.overrides = {"concurrent_requests": 1}
        context = bench.context("r1")
        plan = read_json(context.run.plan) | {"first_release": True}
        write_json(context.run.plan, plan)
        context = RunContext.open(context.settings, "r1")
        assert crawl_run.crawl_job(context, "stashdb").first_release
        manifest = crawl_run.crawl_source(context, "stashdb")
    assert manifest.counts["pictures_fetched"] == 9  # of at least LEAST_PICTURES
    assert manifest.counts["pictures_left"] == 0


def test_only_the_very_first_build_ends_early(tmp_path):
    data, params = DataDir(tmp_path), BuildParams()
    assert is_first_release(data, None, params)
    assert not is_first_release(data, "20260101_000000", params)
    assert not is_first_release(data, None, BuildParams(publish=False))
    assert not is_first_release(data, None, BuildParams(max_hours=1))
    context = planned(tmp_path, "r1")
    assert is_first_release(data, None, params)  # it never came to its end
    published(context, yes=False)
    assert not is_first_release(data, None, params)


def test_another_run_fetches_what_is_left(tmp_path):
    context = planned(tmp_path, "r1", min_faces=2, max_hours=6)
    assert follow_up(context) is None
    crawled(context, pictures_left=7)
    published(context)
    more = follow_up(context)
    assert more is not None
    assert (more["min_faces"], more["max_hours"]) == (2, 5)


@pytest.mark.parametrize(
    ("first", "left", "is_published"), [(False, 7, True), (True, 0, True), (True, 7, False)]
)
def test_no_other_run_follows(tmp_path, first, left, is_published):
    context = planned(tmp_path, "r1", first=first)
    crawled(context, pictures_left=left)
    published(context, yes=is_published)
    assert follow_up(context) is None


def test_trainer_build_goes_on_by_itself(tmp_path, monkeypatch):
    ran: list[tuple[str, BuildParams]] = []

    def run_all(run_id: str, settings: Settings, params: BuildParams) -> None:
        ran.append((run_id, params))
        context = planned(tmp_path, run_id, first=len(ran) == 1, max_hours=3)
        crawled(context, pictures_left=7)
        published(context)
        write_record(context.run, RunRecord(id=run_id, started_at=STARTED, status="completed"))

    monkeypatch.setattr(build_module, "_run_all", run_all)
    settings = Settings().model_copy(update={"data_dir": tmp_path})
    record = build_module.build(settings, {"max_hours": 3})
    assert [params.max_hours for _, params in ran] == [3, 2]
    assert record.id == ran[1][0] != ran[0][0]


def test_the_build_says_what_the_next_hour_brings(tmp_path):
    context = planned(tmp_path, "r1")
    manifest = crawled(context, pictures_left=34_560, next_hour_performers=9_800)
    described = SimpleNamespace(requests_per_minute=240)
    stats = _source_stats(manifest, {}, described)  # type: ignore[arg-type]
    record = RunRecord(id="r1", started_at=STARTED, status="completed")
    record.stats.by_source["stashdb"] = stats
    assert (
        "    left for the next build: 34,560 pictures, about 2.4 hours of requests; its first hour "
        "brings pictures of 9,800 performers, those with most to gain first" in build_lines(record)
    )


@pytest.mark.parametrize(
    ("first", "left", "early"), [(True, 7, True), (True, 0, False), (False, 7, False)]
)
def test_a_release_that_came_early_is_no_measure_for_the_next(
    tmp_path, monkeypatch, first, left, early
):
    monkeypatch.setattr(follow_up_module, "run_of", lambda _state, _release: "r1")
    before = planned(tmp_path, "r1", first=first)
    record = RunRecord(id="r1", started_at=STARTED, status="completed")
    record.stats.by_source["stashdb"] = SourceStats(status="complete", images_left=left)
    write_record(before.run, record)
    assert not came_early(before.data, before.plan.base_release)  # it was planned on none
    context = planned(tmp_path, "r2", first=False)
    plan = read_json(context.run.plan) | {"base_release": "20260201_000000"}
    write_json(context.run.plan, plan)
    context = RunContext.open(context.settings, "r2")
    assert came_early(context.data, context.plan.base_release) == early
