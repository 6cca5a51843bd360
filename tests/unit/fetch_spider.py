"""A crawl that asks for the URLs it is given: `python -m tests.unit.fetch_spider JOB ASKED`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from scrapy.crawler import CrawlerProcess
from scrapy.http import Request
from scrapy.utils.project import get_project_settings

from scrapy_project.fetchers.choice import PageFetcher
from scrapy_project.limits.budget import Budget
from scrapy_project.spider import SourceSpider
from scrapy_project.storage.report import CrawlStopped


class BenchSpider(SourceSpider):
    name = "bench"
    kind = "html_profile"

    def __init__(self, job: str, asked: str) -> None:
        super().__init__(job)
        self._asked = Path(asked)
        self._moments = _note_moments()

    async def crawl(self, key: str | None) -> None:
        pages = PageFetcher(self.job.source, self.fetch, self.report.say)
        answers: list[dict[str, Any]] = []
        for url, how in json.loads(self._asked.read_text()):
            try:
                got = await (pages.fetch if how == "page" else self.fetch)(Request(url))
                answers.append({"url": got.url, "status": got.status, "body": got.text})
            except CrawlStopped:
                raise
            except Exception as error:
                self.report.error(type(error).__name__, url, str(error))
                answers.append({"error": type(error).__name__, "message": str(error)})
            finally:
                told = {"answers": answers, "moments": self._moments}
                (self._asked.parent / "answers.json").write_text(json.dumps(told))


def _note_moments() -> list[float]:
    """Every moment that a request leaves at from now on, in seconds."""
    moments: list[float] = []
    confirm = Budget.confirm

    def noting(self: Budget, keys: Any, moment: float, interval: float) -> bool:
        kept = confirm(self, keys, moment, interval)
        if kept:
            moments.append(moment)
        return kept

    Budget.confirm = noting  # type: ignore[method-assign]
    return moments


if __name__ == "__main__":
    process = CrawlerProcess(get_project_settings())
    process.crawl(BenchSpider, job=sys.argv[1], asked=sys.argv[2])
    process.start()
