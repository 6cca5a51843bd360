"""What is remembered of a source whose crawl was good in part."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from trainer.pipeline.steps import publish
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import write_table
from trainer.staging.paths import DataDir
from trainer.staging.schemas import PERFORMERS
from trainer.state.store import SnapshotRow

NEW, OLD = "2026-02-08T00:00:00Z", "2026-02-01T00:00:00Z"


def manifest(status: str) -> StageManifest:
    return StageManifest(
        run_id="r2",
        stage="crawl",
        name="box",
        status=status,
        started_at=NEW,
        completed_at=NEW,
        watermark=NEW,
        full_sweep=status == "complete",
    )


def test_the_watermark_of_a_partial_crawl_stays_where_it_was(tmp_path):
    run = DataDir(tmp_path).run("r2")
    plan: Any = SimpleNamespace(run_id="r2", sources=["box"])
    write_table(run.snapshot("box") / "performers.parquet", PERFORMERS.empty_table())
    before = {"box": SnapshotRow("box", "r1", OLD, 3, None)}
    found = {}
    for known in (before, {}):
        for status in ("complete", "partial", "failed"):
            manifest(status).write(run.staging("box"))
            rows = publish._snapshots(run, plan, known)
            found[status, bool(known)] = [(row.run_id, row.watermark) for row in rows]
    assert found == {
        ("complete", True): [("r2", NEW)],
        ("partial", True): [("r2", OLD)],
        ("failed", True): [],
        ("complete", False): [("r2", NEW)],
        ("partial", False): [("r2", None)],
        ("failed", False): [],
    }
