"""What a crawl says about itself: errors, counts, checks and, last of all, `_RUN.json`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from scrapy_project.check_advice import check_advice
from scrapy_project.storage.request_counts import RequestCounts
from trainer.config.jobs import CrawlJob
from trainer.staging.atomic import sha256_file
from trainer.staging.clock import iso, now
from trainer.staging.manifest import Check, ErrorBook, StageError, StageManifest, Status
from trainer.staging.parquet import parts

PROGRESS_PREFIX = "progress: "


class CrawlStopped(Exception):
    """The crawl can't go on. `status` and the message end up in `_RUN.json`."""

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status: Status = status


def disk_failed(error: OSError) -> CrawlStopped:
    """The end of a crawl whose own files could not be read or written."""
    return CrawlStopped("failed", f"{error}; free disk space or mend the path, then run again")


class CrawlReport:
    """Collects while the crawl runs; `write` ends it."""

    def __init__(self, job: CrawlJob, directory: Path) -> None:
        self._job = job
        self._directory = directory
        self.requests = RequestCounts(directory)
        self.errors = ErrorBook()
        self.counts: Counter[str] = Counter()
        self.checks: list[Check] = []
        self.watermark = job.watermark
        self.full_sweep = False

    def error(self, kind: str, url: str, message: str, field: str | None = None) -> None:
        """Add an error of the crawl to its report."""
        self.errors.add(
            StageError(
                kind=kind,
                source=self._job.source.key,
                url=without_secrets(url),
                field=field,
                message=message,
            )
        )

    def say(self, line: str) -> None:
        """A heartbeat for whoever started us."""
        sys.stdout.write(f"{PROGRESS_PREFIX}crawl {self._job.source.key}: {line}\n")
        sys.stdout.flush()

    def check(self, name: str, ok: bool, expected: object, actual: object, fatal: bool) -> None:
        """Add the outcome of a check; a fatal one that fails makes the crawl a failed one."""
        told = {"expected": str(expected), "actual": str(actual), "advice": check_advice(name)}
        self.checks.append(Check(name=name, ok=ok, fatal=fatal, **told))

    def slowed_down(self, origin: str, seconds: float) -> None:
        """A robots.txt asks for fewer requests than the source's rate would make."""
        ours = f"{self._job.source.requests_per_minute}"
        theirs = f"{60 / seconds:g}, as {origin}/robots.txt asks for {seconds:g} s between requests"
        self.check("requests_per_minute", False, ours, theirs, fatal=False)
        self.say(f"slower than {ours} requests a minute: {theirs}")

    def write(self, status: Status, reason: str | None) -> StageManifest:
        """`_RUN.json`; a fatal check that does not hold makes a complete crawl a failed one."""
        self.requests.write()
        broken = [check for check in self.checks if check.fatal and not check.ok]
        if status == "complete" and broken:
            status = "failed"
            reason = "; ".join(
                f"{c.name}: expected {c.expected}, got {c.actual} ({c.advice})" for c in broken
            )
        files = parts(self._directory, "performers-") + parts(self._directory, "images-")
        manifest = StageManifest(
            run_id=self._job.run_id,
            stage="crawl",
            name=self._job.source.key,
            status=status,
            reason=reason,
            started_at=self._job.started_at,
            completed_at=iso(now()),
            counts=dict(sorted(self.counts.items())),
            errors=self.errors.listed(),
            checks=self.checks,
            watermark=self.watermark,
            full_sweep=self.full_sweep and status == "complete",
            files={path.name: sha256_file(path) for path in files},
        )
        manifest.write(self._directory)
        return manifest


def without_secrets(url: str) -> str:
    """The URL without user information, which may hold a password."""
    try:
        parsed = urlsplit(url)
    except ValueError:
        return url
    return urlunsplit(parsed._replace(netloc=parsed.netloc.rpartition("@")[2]))
