"""Every source that creates performers is on, and is left out where the operator has no key."""

from __future__ import annotations

import pytest

from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.crawl.run import crawl_source
from trainer.pipeline.steps import report
from trainer.runs import update as run_record
from trainer.runs.context import Plan, RunContext
from trainer.runs.record import read_record
from trainer.staging.atomic import write_json
from trainer.staging.manifest import StageManifest

STARTED = "2026-02-01T00:00:00Z"
WITHOUT_KEY = ("fansdb", "theporndb")  # one of each kind


@pytest.fixture
def context(tmp_path, monkeypatch) -> RunContext:
    """A run of stashdb and two sources without a key, planned and published."""
    shipped = load_sources(tmp_path)
    for source in shipped.values():
        if source.api_key_env:
            monkeypatch.delenv(source.api_key_env, raising=False)
    settings = Settings().model_copy(update={"data_dir": tmp_path, "contact": "demo@example.org"})
    opened = RunContext.open(settings, "r1")
    plan = Plan(
        run_id="r1",
        started_at=STARTED,
        version_id="20260201_000000",
        params=BuildParams(),
        pack_id="none",
        sources={key: shipped[key] for key in ("stashdb", *WITHOUT_KEY)},
        base_release=None,
    )
    write_json(opened.run.plan, plan.model_dump(mode="json"))
    run_record.start(opened, plan)
    opened.finish("publish", {"published": True, "release": "20260201_000000", "version": "v"})
    done = {"run_id": "r1", "stage": "crawl", "name": "stashdb", "status": "complete"}
    times = {"started_at": STARTED, "completed_at": STARTED}
    StageManifest(**done, **times).write(opened.run.staging("stashdb"))
    return opened


def test_all_creators_are_on():
    creators = [s for s in load_sources(Settings().data_dir).values() if s.creates_performers]
    assert {source.key for source in creators if source.enabled} >= {
        *("stashdb", "fansdb", "pmvstash", "javstash", "theporndb")
    }
    assert all(source.api_key_env for source in creators)


def test_a_run_with_sources_without_a_key_is_completed_and_says_why(context):
    for source in WITHOUT_KEY:
        crawl_source(context, source)
    assert report.run(context)["status"] == "completed"
    stats = read_record(context.run.record).stats.by_source
    assert {key: found.status for key, found in stats.items()} == {
        "stashdb": "complete",
        "fansdb": "skipped",
        "theporndb": "skipped",
    }
    for source in WITHOUT_KEY:
        assert f"{source.upper()}_API_KEY" in str(stats[source].reason)
