"""What every source's spider shares: job, rate limit, requests and manifest."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, ClassVar

import scrapy
from scrapy.crawler import Crawler
from scrapy.exceptions import UsageError
from scrapy.http import Request, Response

from scrapy_project.failures import fetch_failed
from scrapy_project.fetchers.services import require_fetcher
from scrapy_project.limits.breaker import LIMIT
from scrapy_project.limits.middlewares.addresses import PublicResolver
from scrapy_project.storage.report import CrawlReport, CrawlStopped, disk_failed, without_secrets
from trainer.config.environment import environment
from trainer.config.jobs import CrawlJob
from trainer.errors import TrainerError
from trainer.exclusions.entries import read_exclusions
from trainer.reasons import reason
from trainer.staging.atomic import read_json, remove_temporaries
from trainer.staging.paths import RUN_MANIFEST, DataDir

STOPPED = "stopped by a signal; run again to go on from here"
logger = logging.getLogger(__name__)
USER_AGENT = "stash-sense-trainer/0.1 (+{contact})"


class SourceSpider(scrapy.Spider):  # type: ignore[misc]
    """Runs `crawl()` once and writes `_RUN.json` last, whatever happened.

    Subclasses set `name` to the source's key and implement `crawl`. Requests go through
    `answer_to`; pages and pictures share the budgets of their source and of their host.
    """

    job: CrawlJob
    report: CrawlReport
    directory: Path

    kind: ClassVar[str]

    def __init__(self, job: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not job:
            raise UsageError("give the job file: scrapy crawl <source> -a job=<path>")
        self.job = CrawlJob.model_validate(read_json(Path(job)))
        if self.job.source.key != self.name:
            raise UsageError(
                f"{job} is a job of {self.job.source.key}, not of {self.name}; give its own"
            )
        if self.job.source.kind != self.kind:
            raise UsageError(
                f"{self.name} is of kind {self.job.source.kind}, its spider {self.kind}; "
                "name the right spider"
            )
        self.directory = DataDir(self.job.data_dir).run(self.job.run_id).staging(self.name)
        self.report = CrawlReport(self.job, self.directory)
        self.exclusions = read_exclusions(DataDir(self.job.data_dir))
        self._under_way = asyncio.Semaphore(self.job.source.concurrent_requests)

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: Any, **kwargs: Any) -> SourceSpider:
        spider: SourceSpider = super().from_crawler(crawler, *args, **kwargs)
        for name, value in spider.source_settings().items():
            crawler.settings.set(name, value, priority="spider")
        PublicResolver.allow_private = spider.job.allow_private_hosts
        return spider

    def source_settings(self) -> dict[str, Any]:
        """Scrapy settings that follow from the job."""
        source = self.job.source
        # Twice what `fetch` lets through: a request whose moment has come never queues again.
        room = 2 * source.concurrent_requests
        return {
            "USER_AGENT": USER_AGENT.format(contact=self.job.contact),
            "ROBOTSTXT_OBEY": source.obey_robots,
            # stash-box shows its web app, with status 200, for every path that it does not know.
            "ROBOTSTXT_APP_MEANS_NONE": source.kind == "stash_box",
            "DOWNLOAD_TIMEOUT": source.timeout_seconds,
            "CONCURRENT_REQUESTS": room,
            "CONCURRENT_REQUESTS_PER_DOMAIN": room,
            "BUDGET_DIRECTORY": str(DataDir(self.job.data_dir).budget),
            "BUDGET_SOURCE": source.key,
            "BUDGET_INTERVAL": 60 / source.requests_per_minute,
            # Requests under way when the first refusal comes can't know of it.
            "BREAKER_LIMIT": LIMIT + source.concurrent_requests - 1,
            "RETRY_TIMES": source.retries,
        }

    async def start(self) -> AsyncIterator[Any]:
        """The whole crawl; nothing is yielded, since requests are awaited where they are made."""
        (self.directory / RUN_MANIFEST).unlink(missing_ok=True)
        self.directory.mkdir(parents=True, exist_ok=True)
        remove_temporaries(self.directory)
        try:
            require_fetcher(self.job.source)
            await self.crawl(self.api_key())
        except CrawlStopped as stopped:
            self._end(stopped.status, str(stopped))
        except asyncio.CancelledError:
            self._end("failed", STOPPED)
            raise
        except OSError as error:  # of our own files: `answer_to` lets none of the network through
            self._end("failed", str(disk_failed(error)))
            raise
        except TrainerError as error:
            self._end("failed", str(error))
            raise
        except Exception as error:
            self._end("failed", f"a fault of the trainer ({reason(error)}); see this crawl's log")
            raise
        else:
            self._end("complete", None)
        nothing: tuple[Any, ...] = ()
        for item in nothing:
            yield item

    def _end(self, status: Any, reason: str | None) -> None:
        manifest = self.report.write(status, reason)
        self.report.say(f"{manifest.status}{f': {manifest.reason}' if manifest.reason else ''}")

    def api_key(self) -> str | None:
        """The key from the environment; `CrawlStopped` (skipped) where it is missing."""
        variable = self.job.source.api_key_env
        if variable is None:
            return None
        key = environment().get(variable, "").strip()
        if not key:
            raise CrawlStopped("skipped", f"no API key: set the environment variable {variable}")
        return key

    async def fetch(self, request: Request) -> Response:
        """Download through all middlewares, at the rate of source and host; any status is
        returned. Raises `CrawlStopped` where a host refused us again and again, and whatever
        Scrapy, Twisted and the middlewares raise."""
        async with self._under_way:
            response: Response = await self.crawler.engine.download_async(request)
        return response

    async def answer_to(self, request: Request) -> Response:
        """As `fetch`, with `FetchFailed` for all that can go wrong with one request: the one place
        where the errors of so many libraries become a page's or a picture's."""
        if self.crawler.engine.spider is None:  # Scrapy is closing: no page is to blame
            raise CrawlStopped("failed", STOPPED)
        try:
            return await self.fetch(request)
        except CrawlStopped:
            raise
        except Exception as error:
            failed = fetch_failed(error)
            if failed.kind == "broken_answer":
                logger.warning("%s: %s", without_secrets(request.url), failed, exc_info=True)
            raise failed from error

    async def crawl(self, key: str | None) -> None:
        """What a kind of source does. Raises `CrawlStopped` for a crawl that can't go on."""
        raise NotImplementedError
