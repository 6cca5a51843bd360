"""What the embedder finds in a crawl's pictures while the crawl goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import polars as pl

from trainer.config.jobs import CrawlJob
from trainer.faces.cache import cache_parts
from trainer.faces.usable import usable_in
from trainer.fetch_plan.columns import GOOD, NONE, OUTCOME
from trainer.runs.beside import Beside, read_beside
from trainer.staging.atomic import read_json
from trainer.staging.clock import now, parse_iso
from trainer.staging.paths import DataDir

LOOK_SECONDS = 5.0
MARGIN = timedelta(seconds=2)  # between its look at the files and its word of it
MOST_WAITING = (
    900.0  # seconds of a whole crawl: an embedder that is slow is no reason to stand still
)


class ImageFindings:
    """`new`: what was found since it was asked last; after a `wait`, everything that was found.
    `wait`: until more was."""

    def __init__(self, job: CrawlJob) -> None:
        data = DataDir(job.data_dir)
        self._run = data.run(job.run_id)
        plan = self._run.plan
        self._cache = data.faces(str(read_json(plan)["pack_id"])) if plan.exists() else None
        self._read: set[Path] = set()
        self._patience = MOST_WAITING

    def new(self) -> pl.DataFrame | None:
        """Return sha256, outcome and quality of pictures that were embedded since; None of none, or
        where no embedder worked beside this run's crawls."""
        if self._cache is None or read_beside(self._run) is None:
            return None
        parts = [path for path in cache_parts(self._cache) if path not in self._read]
        self._read.update(parts)
        if not parts:
            return None
        outcome = pl.when("usable").then(pl.lit(GOOD)).otherwise(pl.lit(NONE)).cast(OUTCOME)
        return usable_in(parts).select("sha256", outcome.alias("outcome"), "quality")

    async def wait(self, is_over: Callable[[], bool]) -> bool:
        """Wait until the embedder has looked at everything that was fetched; False at once where it
        has, or where nobody would."""
        began, waited = now(), False
        while self._patience > 0 and not is_over() and _is_at_work(self._beside(), began, now()):
            waited = True
            self._patience -= LOOK_SECONDS
            await asyncio.sleep(LOOK_SECONDS)
        if waited:  # what another source has, too, may have been found before it came here
            self._read.clear()
        return waited

    def _beside(self) -> Beside | None:
        return read_beside(self._run)


def _is_at_work(beside: Beside | None, since: datetime, moment: datetime) -> bool:
    """Is an embedder there that has pictures in hand, or that did not look again `since`?"""
    if beside is None or not beside.is_alive(moment):
        return False
    return beside.waiting > 0 or parse_iso(beside.looked_at) <= since + MARGIN
