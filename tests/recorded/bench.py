"""Runs a crawl as the pipeline does, over a loopback server; publishes snapshots to state.db."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.committed import commit_crawls
from tests.recorded.box import KEY, Box
from trainer.config.params import BuildParams
from trainer.config.settings import REPO_ROOT, Settings
from trainer.config.sources import load_sources
from trainer.crawl.run import crawl_job, crawl_source
from trainer.exclusions.crawl_notes import dropped_links
from trainer.exclusions.entries import read_exclusions
from trainer.runs.context import Plan, RunContext
from trainer.snapshots.store import fold_snapshot
from trainer.staging.atomic import write_json
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import parts, read_parts, read_table
from trainer.staging.schemas import IMAGES, PERFORMERS
from trainer.state.store import LedgerRow, SnapshotRow

STARTED = "2026-02-01T00:00:00Z"


@dataclass
class Bench:
    """One DATA_DIR with one source, `stashdb`, whose address is the loopback server's."""

    box: Box
    root: Path
    overrides: dict[str, Any] = field(default_factory=dict)
    private: bool = True

    def context(self, run_id: str, **params: Any) -> RunContext:
        override = {
            "base_url": f"{self.box.base}/graphql",
            "requests_per_minute": 30_000,
            "page_size": 5,
            "retries": 1,
            "timeout_seconds": 60,
            **self.overrides,
        }
        write_json(self.root / "sources.yaml", {"stashdb": override})
        settings = Settings(allow_private_hosts=self.private).model_copy(
            update={"data_dir": self.root}
        )
        context = RunContext.open(settings, run_id)
        plan = Plan(
            run_id=run_id,
            started_at=STARTED,
            version_id="20260201_000000",
            params=BuildParams(**params),
            pack_id="none",
            sources={"stashdb": load_sources(self.root)["stashdb"]},
            base_release=None,
        )
        write_json(context.run.plan, plan.model_dump(mode="json"))
        return context

    def crawl(self, run_id: str = "r1", **params: Any) -> StageManifest:
        return crawl_source(self.context(run_id, **params), "stashdb")

    def start(self, largest_file: int | None = None) -> subprocess.Popen[bytes]:
        """The spider on its own, for tests that kill it or that limit its files (bytes)."""
        run_id = "r1"
        context = self.context(run_id)
        path = context.run.crawl_job("stashdb")
        write_json(path, crawl_job(context, "stashdb").model_dump(mode="json"))
        argv = [sys.executable, "-m", "scrapy", "crawl", "stashdb", "-a", f"job={path}"]

        def limit() -> None:
            if largest_file is not None:
                resource.setrlimit(resource.RLIMIT_FSIZE, (largest_file, largest_file))

        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            argv,
            cwd=REPO_ROOT,
            env=os.environ,
            preexec_fn=limit,  # noqa: PLW1509
            stdout=quiet,
            stderr=quiet,
        )

    def performers(self, run_id: str = "r1") -> list[dict[str, Any]]:
        return self._staged(run_id, "performers-", PERFORMERS)

    def images(self, run_id: str = "r1") -> dict[str, dict[str, Any]]:
        rows = self._staged(run_id, "images-", IMAGES)
        return {row["url"].removeprefix(self.box.base): row for row in rows}

    def log(self, run_id: str = "r1") -> str:
        return self.context(run_id).run.log("crawl-stashdb").read_text()

    def publish(self, run_id: str, number: int = 1, at: str = STARTED) -> list[dict[str, Any]]:
        """Fold, and commit what a release would; returns the snapshot's performers."""
        context = self.context(run_id)
        directory = fold_snapshot(context, "stashdb", excluded=read_exclusions(context.data).claims)
        assert directory is not None
        rows = read_table(directory / "performers.parquet").to_pylist()
        manifest = StageManifest.read(context.run.staging("stashdb"))
        assert manifest is not None
        live = sum(not row["deleted"] for row in rows)
        live += manifest.counts.get("excluded_live", 0)
        ledger = [LedgerRow(**r) for r in self.images(run_id).values() if r["status"] != "known"]
        commit_crawls(
            context.data.state_db,
            [SnapshotRow("stashdb", run_id, manifest.watermark, live, None)],
            at,
            f"v{number}",
            ledger=ledger,
            excluded_links=dropped_links(context.run, context.plan.creators),
        )
        return rows

    def _staged(self, run_id: str, prefix: str, schema: Any) -> list[dict[str, Any]]:
        staging = RunContext.open(
            Settings().model_copy(update={"data_dir": self.root}), run_id
        ).run.staging("stashdb")
        rows: list[dict[str, Any]] = read_parts(parts(staging, prefix), schema).to_pylist()
        return rows


def make_bench(box: Box, root: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    monkeypatch.setenv("STASHDB_API_KEY", KEY)
    return Bench(box, root)
