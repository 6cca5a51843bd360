"""When a crawl has to end: `max_hours` of the build, `first_release_after_hours` of a first one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from trainer.config.jobs import CrawlJob
from trainer.staging.clock import now, parse_iso
from trainer.staging.paths import RUN_MANIFEST, DataDir

# Of each source that lists performers, whatever the hour: a release needs a hundred faces.
LEAST_IMAGES = 500


class TimeLimit:
    """The build's hours, counted from its start. Where more sources are crawled than fit beside
    each other, those that did not begin yet get their share of the time that is left.

    `least_images`: how many a source is asked for even after that time."""

    def __init__(self, job: CrawlJob, clock: Callable[[], datetime] = now) -> None:
        self._clock = clock
        self._began = clock()
        self._run = DataDir(job.data_dir).run(job.run_id)
        self._source = job.source.key
        self._others = job.crawled_beside
        self._most = 1  # sources that were at work at a time
        early = job.first_release and job.params.first_release_is_early
        hours = job.params.first_release_after_hours if early else job.params.max_hours
        self._end = parse_iso(job.started_at) + timedelta(hours=hours) if hours else None
        self.least_images = LEAST_IMAGES if early and job.source.creates_performers else 0

    def is_over(self) -> bool:
        """Is nothing more to be asked for?"""
        if self._end is None:
            return False
        return self._clock() >= self._began + (self._end - self._began) / (1 + self._successors())

    def _successors(self) -> int:
        """How many of the waiting sources take this one's place: they are dealt out to those at
        work, so that no more places are given up than are needed. Free places are about to be
        taken."""
        begun = [source for source in self._others if self._run.crawl_job(source).exists()]
        at_work = [self._source, *(source for source in begun if not self._has_ended(source))]
        self._most = max(self._most, len(at_work))
        waiting = len(self._others) - len(begun) - (self._most - len(at_work))
        return len(range(sorted(at_work).index(self._source), waiting, len(at_work)))

    def _has_ended(self, source: str) -> bool:
        return (self._run.staging(source) / RUN_MANIFEST).exists()
