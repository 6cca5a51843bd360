"""Crawl one source: a job file, Scrapy in its own process group, the outcome from `_RUN.json`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from trainer.config.jobs import CrawlJob
from trainer.config.settings import REPO_ROOT
from trainer.config.sources import SourceConfig
from trainer.crawl.environment import crawl_environment
from trainer.crawl.known_images import write_known_images
from trainer.errors import DamagedFileError
from trainer.processes.child import run_child
from trainer.runs.context import Plan, RunContext
from trainer.snapshots.store import last_snapshot
from trainer.staging.atomic import write_sealed
from trainer.staging.clock import iso, now
from trainer.staging.manifest import StageError, StageManifest
from trainer.staging.paths import RUN_MANIFEST
from trainer.state.decisions import taken_back_since
from trainer.state.store import SnapshotRow, read_snapshots

log = logging.getLogger(__name__)

PROGRESS_PREFIX = "progress: "  # of the lines of a spider that are for whoever started it


def crawl_source(context: RunContext, source: str) -> StageManifest:
    """Crawl `source` into its staging; a crawl that is complete is not done again.

    A source that fails is a manifest that says so, never an exception.
    """
    staging = context.run.staging(source)
    done = _complete(staging)
    if done is not None:
        log.info(f"crawl {source}: complete already")
        return done
    (staging / RUN_MANIFEST).unlink(missing_ok=True)
    write_known_images(context, source)
    path = context.run.crawl_job(source)
    write_sealed(path, crawl_job(context, source).model_dump(mode="json"))
    log_file = context.run.log(f"crawl-{source}")
    try:
        code = run_child(
            [sys.executable, "-m", "scrapy", "crawl", source, "-a", f"job={path}"],
            cwd=REPO_ROOT,
            environment=crawl_environment(context.plan.sources[source]),
            log_file=log_file,
            on_line=lambda line: log.info(line.removeprefix(PROGRESS_PREFIX)),
            line_prefix=PROGRESS_PREFIX,
        )
    finally:
        context.run.known_images(source).unlink(missing_ok=True)
    manifest = StageManifest.read(staging)
    if manifest is None:
        manifest = _without_report(context.plan, source, code, log_file)
        manifest.write(staging)
    return manifest


def crawl_job(context: RunContext, source: str) -> CrawlJob:
    """Return what the spider of `source` has to do, incrementally where `_incremental` allows."""
    plan = context.plan
    row = read_snapshots(context.data.state_db).get(source)
    described = plan.sources[source]
    incremental = row is not None and _incremental(context, source, row)
    known = context.run.known_images(source)
    return CrawlJob(
        run_id=plan.run_id,
        data_dir=context.data.root,
        source=described,
        params=plan.params,
        mode="incremental" if incremental else "full",
        watermark=row.watermark if row and incremental else None,
        known_live=row.live_performers if row and incremental else None,
        targets=None if described.creates_performers else context.run.targets(source),
        crawled_beside=_beside(plan, described),
        first_release=plan.first_release,
        known_pictures=known if known.exists() else None,
        started_at=plan.started_at,
        allow_private_hosts=context.settings.allow_private_hosts,
        contact=context.settings.contact or "a server of the operator's own",
    )


def _beside(plan: Plan, source: SourceConfig) -> list[str]:
    """Return the other sources that are crawled in the same step; not those without a key, which
    end at once."""
    step = plan.creators if source.creates_performers else plan.references
    return [
        key
        for key, other in step.items()
        if key != source.key
        and (other.api_key_env is None or other.api_key_env in crawl_environment(other))
    ]


def _incremental(context: RunContext, source: str, row: SnapshotRow) -> bool:
    """Is only what changed to be crawled? Needs a good snapshot with a watermark, no full refresh,
    and no exclusion taken back since: such a record may never be updated again."""
    return bool(
        row.watermark
        and last_snapshot(context.data, source) is not None
        and not context.plan.params.full_refresh
        and not taken_back_since(context.data, row.run_id)
    )


def _complete(staging: Path) -> StageManifest | None:
    """Return the manifest of a finished crawl whose parts are intact; delete the parts of one
    whose are not."""
    manifest = StageManifest.read(staging)
    if manifest is None or manifest.status != "complete":
        return None
    try:
        manifest.verify_files(staging)
    except DamagedFileError:
        for path in (*staging.glob("*.parquet"), staging / RUN_MANIFEST):
            path.unlink()
        return None
    return manifest


def _without_report(plan: Plan, source: str, code: int, log_file: Path) -> StageManifest:
    message = f"the crawl ended with exit code {code} and without a report; see {log_file}"
    return StageManifest(
        run_id=plan.run_id,
        stage="crawl",
        name=source,
        status="failed",
        reason=message,
        started_at=plan.started_at,
        completed_at=iso(now()),
        errors=[StageError(kind="no_report", source=source, message=message)],
    )
