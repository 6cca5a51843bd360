"""One crawl as the pipeline starts it, with its time, its peak memory and its server's log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from trainer.config.params import BuildParams
from trainer.config.settings import REPO_ROOT, Settings
from trainer.config.sources import load_sources
from trainer.crawl.run import crawl_job
from trainer.runs.context import Plan, RunContext
from trainer.staging.atomic import write_json
from trainer.staging.manifest import StageManifest

SOURCE = "stashdb"
LATE = 2.0  # seconds that a request may have been on its way, on a busy machine


@dataclass
class Measured:
    manifest: StageManifest
    seconds: float  # of the spider's whole process, its start included
    peak_mb: float
    moments: list[float]  # when requests came to the server, sorted


@contextmanager
def big_box(people: int, images: int, latency: float = 0.0) -> Iterator[str]:
    argv = [sys.executable, "-m", "tests.bench.big_box", str(people), str(images), str(latency)]
    child = subprocess.Popen(argv, cwd=REPO_ROOT, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    try:
        yield f"http://127.0.0.1:{child.stdout.readline().strip()}"
    finally:
        child.kill()
        child.wait()


def context_for(
    root: Path, run_id: str, override: dict[str, Any], source: str = SOURCE, **params: Any
) -> RunContext:
    write_json(root / "sources.yaml", {source: override})
    settings = Settings(allow_private_hosts=True).model_copy(update={"data_dir": root})
    context = RunContext.open(settings, run_id)
    plan = Plan(
        run_id=run_id,
        started_at="2026-02-01T00:00:00Z",
        version_id="20260201_000000",
        params=BuildParams(**params),
        pack_id="none",
        sources={source: load_sources(root)[source]},
        base_release=None,
    )
    write_json(context.run.plan, plan.model_dump(mode="json"))
    return context


def crawl(context: RunContext, base: str, source: str = SOURCE) -> Measured:
    """Runs the spider to its end; its peak memory is the kernel's figure for that process."""
    path = context.run.crawl_job(source)
    write_json(path, crawl_job(context, source).model_dump(mode="json"))
    log = context.run.log(f"crawl-{source}")
    log.parent.mkdir(parents=True, exist_ok=True)
    before = len(_moments(base))
    began = time.monotonic()
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-m", "scrapy", "crawl", source, "-a", f"job={path}"],
            cwd=REPO_ROOT,
            env={**os.environ, "STASHDB_API_KEY": "any"},
            stdout=output,
            stderr=output,
        )
        _, _, usage = os.wait4(child.pid, 0)
    seconds = time.monotonic() - began
    manifest = StageManifest.read(context.run.staging(source))
    if manifest is None or manifest.status != "complete":
        raise SystemExit(f"the crawl failed: {manifest and manifest.reason}; see {log}")
    moments = sorted(_moments(base)[before:])
    return Measured(manifest, seconds, usage.ru_maxrss / 1024, moments)


def _moments(base: str) -> list[float]:
    with urllib.request.urlopen(f"{base}/log", timeout=30) as answer:  # noqa: S310 - on loopback
        found: list[float] = json.loads(answer.read())
    return found


def excess_in_worst_window(moments: list[float], interval: float, late: float = 0) -> int:
    """By how many requests the worst window of N intervals had more than N + 1, over all N.

    Arrivals are a little later than starts, each by another bit: half an interval is forgiven, and
    `late` seconds more where the machine may have stalled.
    """
    worst = 0
    for first in range(len(moments)):
        for last in range(first + 1, len(moments)):
            intervals = (moments[last] - moments[first] + late) / interval + 0.5
            worst = max(worst, (last - first) - int(intervals))
    return worst


def most_in_window(moments: list[float], seconds: float) -> int:
    """Requests in the fullest stretch of so many seconds, wherever it begins. `moments` sorted."""
    most = first = 0
    for last, moment in enumerate(moments):
        while moment - moments[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
