"""`make bench`: crawl time against the bound of the rate, and memory of a source of 100,000."""

from __future__ import annotations

import hashlib
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tests.bench.measured import (
    SOURCE,
    Measured,
    big_box,
    context_for,
    crawl,
    excess_in_worst_window,
    most_in_window,
)
from tests.committed import commit_crawls
from tests.recorded.box import JPEG
from tests.recorded.profile_box import SOURCE as SITE
from tests.recorded.profile_box import linked
from trainer.crawl.targets import Targets
from trainer.identity.site_table import site_table
from trainer.runs.context import RunContext
from trainer.snapshots.store import fold_snapshot
from trainer.staging.atomic import write_bytes
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import TARGETS
from trainer.state.store import LedgerRow, SnapshotRow

PEOPLE = int(os.environ.get("BENCH_PEOPLE", "100000"))
FAST = {"requests_per_minute": 60_000, "page_size": 100}
MEMORY_LIMIT_MB = 500
CRAWLS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("full sweep, JSON only", {"enable_faces": False}),
    ("a week later, JSON only", {"enable_faces": False}),
    ("a week later, pictures known", {}),
    ("full sweep, pictures known", {"full_refresh": True}),
)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def stash_box(root: Path, per_minute: int, people: int, latency: float) -> bool:
    """A sweep and its pictures at one rate, answers taking `latency` seconds."""
    with big_box(people, 1, latency) as base:
        override = {
            "base_url": f"{base}/graphql",
            "requests_per_minute": per_minute,
            "page_size": 5,
        }
        found = crawl(context_for(root, "rate", override), base)
    return report_rate("stash_box", per_minute, latency, found)


def html_profile(root: Path, per_minute: int, people: int, latency: float) -> bool:
    """A page and a picture of each person at one rate, answers taking `latency` seconds."""
    with big_box(people, 1, latency) as base:
        override = {"base_url": base, "enabled": True, "requests_per_minute": per_minute}
        context = context_for(root, "rate", override, SITE)
        targets = Targets(context.plan.sources, site_table(context.plan.sources), False)
        for n in range(people):
            someone = linked(n, f"Person_{n}", f"Person {n}")
            targets.add(someone)
        write_rows(context.run.targets(SITE), targets.rows(SITE, ()), TARGETS)
        found = crawl(context, base, SITE)
    counts = found.manifest.counts
    if (counts["pages_read"], counts["pictures_fetched"]) != (people, people):
        raise SystemExit(f"html_profile: not everything was crawled: {counts}")
    return report_rate("html_profile", per_minute, latency, found)


Rate = tuple[int, int, float]
# Requests a minute, performers, seconds an answer takes. Each lasts 100 s or a little more, so that
# the start of the process is a small part of it. Stash-boxes: pages of 5, a picture each;
# reference sites: a page and a picture each.
RATES: tuple[tuple[Callable[[Path, int, int, float], bool], Rate], ...] = (
    (stash_box, (240, 335, 0.3)),
    (stash_box, (60, 83, 0.3)),
    (stash_box, (20, 28, 0.3)),
    (html_profile, (60, 50, 0.3)),
    (html_profile, (20, 17, 0.3)),
)
START_APART = 5.0  # seconds: five processes that start at once would measure each other's start


def later(seconds: float, measure: Callable[..., bool], root: Path, given: Rate) -> bool:
    time.sleep(seconds)
    return measure(root, *given)


def report_rate(kind: str, per_minute: int, latency: float, found: Measured) -> bool:
    interval = 60 / per_minute
    bound = len(found.moments) * interval
    took = found.moments[-1] - found.moments[0] + interval
    excess = excess_in_worst_window(found.moments, interval)
    say(
        f"{kind} {per_minute}/min, answers in {latency:.1f} s: {len(found.moments)} requests, "
        f"bound {bound:.1f} s, crawl {took:.1f} s (ratio {took / bound:.3f}), "
        f"whole process {found.seconds:.1f} s (ratio {found.seconds / bound:.3f}), "
        f"fullest minute {most_in_window(found.moments, 60.0)} requests, "
        f"worst window {excess:+d} requests over the budget"
    )
    return excess <= 0 and found.seconds / bound <= 1.05


def memory(root: Path) -> bool:
    """Full sweep, an incremental crawl over its snapshot, and a full sweep whose pictures are all
    looked up in the ledger (which knows them, so that the bench fetches none)."""
    good = True
    with big_box(PEOPLE, 1) as base:
        override = {**FAST, "base_url": f"{base}/graphql", "part_rows": 1000}
        for number, (what, params) in enumerate(CRAWLS, 1):
            context = context_for(root, f"run-{number}", override, **params)
            found = crawl(context, base)
            good &= report_memory(what, found)
            sha256 = one_image(context)
            ledger = [had(f"{base}/img/{n}/0.jpg", sha256) for n in range(1, PEOPLE + 1)]
            fold(context, number, found, ledger if number == 1 else [])
    return good


def one_image(context: RunContext) -> str:
    """A picture that is here, so that no URL with this hash is asked for again."""
    sha256 = hashlib.sha256(JPEG).hexdigest()
    write_bytes(context.data.image(sha256), JPEG)
    return sha256


def had(url: str, sha256: str) -> LedgerRow:
    return LedgerRow(
        url=url,
        source=SOURCE,
        status="fetched",
        sha256=sha256,
        bytes=len(JPEG),
        content_type="image/jpeg",
        reason=None,
        etag=None,
        last_modified=None,
        fetched_at="2026-01-01T00:00:00Z",
        run_id="run-1",
    )


def report_memory(what: str, found: Measured) -> bool:
    counts = found.manifest.counts
    if counts.get("pictures_fetched"):
        raise SystemExit(f"{what}: pictures that are known were fetched: {counts}")
    say(
        f"stash_box {what}: {counts['performers_live']} performers, "
        f"{counts['pages_fetched']} pages in {found.seconds:.1f} s, "
        f"peak memory of the spider {found.peak_mb:.0f} MB (limit {MEMORY_LIMIT_MB})"
    )
    return found.peak_mb < MEMORY_LIMIT_MB


def fold(context: RunContext, number: int, found: Measured, ledger: list[LedgerRow]) -> None:
    """In a child, so that its peak memory is its own; then what publishing a release commits."""
    child = os.fork()
    if child == 0:
        fold_snapshot(context, SOURCE, excluded=set())
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        say(f"folding it into the snapshot: peak memory {peak:.0f} MB")
        os._exit(0)
    if os.waitpid(child, 0)[1] != 0:
        raise SystemExit("folding failed")
    live = found.manifest.counts["performers_live"]
    row = SnapshotRow(SOURCE, context.run.run_id, found.manifest.watermark, live, None)
    commit_crawls(context.data.state_db, [row], "2026-02-01T00:00:00Z", f"v{number}", ledger=ledger)


def main() -> int:
    with (
        tempfile.TemporaryDirectory(prefix="bench-") as directory,
        ThreadPoolExecutor(len(RATES)) as pool,
    ):
        root = Path(directory)
        rates = [
            pool.submit(later, START_APART * n, measure, root / f"rate-{n}", given)
            for n, (measure, given) in enumerate(RATES)
        ]
        good = min([found.result() for found in rates])  # all of them are waited for
        good &= memory(root / "memory")
    say("within the limits" if good else "NOT within the limits")
    return 0 if good else 1


if __name__ == "__main__":
    raise SystemExit(main())
