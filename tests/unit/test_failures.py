"""Whatever is raised on the way to an answer costs one page or picture, of every kind of spider."""

from __future__ import annotations

import asyncio
import builtins
import http.client
import inspect
import pkgutil
import socket
import ssl
import struct
import types
import urllib.error
import zlib
from importlib import import_module
from types import SimpleNamespace

import brotli
import OpenSSL.SSL
import pytest
import scrapy.exceptions
import twisted.internet
import twisted.web
from backports import zstd
from scrapy.http import Request, Response
from twisted.python.failure import Failure
from twisted.web.client import ResponseFailed, ResponseNeverReceived

import scrapy_project.fetchers.errors
import scrapy_project.limits.middlewares.addresses
import scrapy_project.limits.middlewares.budget
from scrapy_project.failures import FetchFailed, fetch_failed
from scrapy_project.image_downloads import ImageDownloads
from scrapy_project.kinds.stash_box import StashBoxSpider
from scrapy_project.parsing.profile import Profile
from scrapy_project.spider import SourceSpider
from scrapy_project.storage.report import CrawlReport, CrawlStopped
from scrapy_project.visit import Visitor
from tests.recorded.profile_box import WEEK_1
from trainer.config.jobs import CrawlJob
from trainer.config.params import BuildParams
from trainer.config.sources import shipped_sources
from trainer.exclusions.entries import Exclusions
from trainer.staging.rows import Target

KINDS = {
    *("network", "encoding", "bad_address", "bad_redirect", "redirects", "wall", "robots"),
    *("held", "address_refused", "too_large", "broken_answer"),
}


def modules() -> list[types.ModuleType]:
    found = [scrapy.exceptions, http.client, socket, ssl, struct, urllib.error, zlib, brotli, zstd]
    found += [OpenSSL.SSL, builtins, asyncio, scrapy_project.fetchers.errors]
    found += [scrapy_project.limits.middlewares.addresses, scrapy_project.limits.middlewares.budget]
    for package in (twisted.internet, twisted.web):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if module.name.rpartition(".")[2] in _TWISTED:
                found.append(import_module(module.name))
    return found


_TWISTED = {"error", "defer", "client", "_newclient", "http", "http_headers", "abstract", "tcp"}


_ARGUMENTS: dict[type[Exception], tuple[object, ...]] = {
    UnicodeDecodeError: ("utf-8", b"\xff", 0, 1, "invalid"),
    UnicodeEncodeError: ("ascii", "\xe9", 0, 1, "invalid"),
    UnicodeTranslateError: ("\xe9", 0, 1, "invalid"),
    urllib.error.HTTPError: ("https://site.example", 500, "Oh", http.client.HTTPMessage(), None),
}


def raised() -> list[Exception]:
    """One of each class of exception that these libraries have; built without their arguments where
    they need some, since Python can raise them so as well."""
    classes = {
        found
        for module in modules()
        for found in vars(module).values()
        if inspect.isclass(found)
        and issubclass(found, Exception)
        and not issubclass(found, Warning)
    }
    errors: list[Exception] = []
    for found in sorted(classes, key=lambda c: (c.__module__, c.__name__)):
        try:
            errors.append(found(*_ARGUMENTS.get(found, ("of an answer",))))
        except (TypeError, ValueError):
            if not issubclass(found, BaseExceptionGroup):
                errors.append(found.__new__(found))
    wrapped = ResponseFailed([Failure(ssl.SSLError(1, "bad record")), Failure(ValueError("<x>"))])
    group = ExceptionGroup("several", [ValueError("of an answer")])
    return [*errors, group, wrapped, ResponseNeverReceived([Failure(OpenSSL.SSL.Error([]))])]


ERRORS = raised()
NAMES = [f"{type(error).__module__}.{type(error).__name__}" for error in ERRORS]


def test_there_are_many():
    assert len(ERRORS) > 180
    assert {"scrapy.exceptions.IgnoreRequest", "zlib.error", "brotli.error"} <= set(NAMES)
    assert {"builtins.OSError", "builtins.UnicodeDecodeError", "ssl.SSLError"} <= set(NAMES)
    assert {"twisted.web._newclient.ResponseFailed", "socket.gaierror"} <= set(NAMES)


class Engine:
    """Scrapy's engine, as far as a spider asks it; every download raises."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.spider = self

    async def download_async(self, request: Request) -> Response:
        raise self.error


def spider_of(kind: type[SourceSpider], job: CrawlJob, error: BaseException) -> SourceSpider:
    spider = object.__new__(kind)
    spider.job = job
    spider.crawler = SimpleNamespace(engine=Engine(error))
    spider.report = CrawlReport(job, job.data_dir)
    spider._under_way = asyncio.Semaphore(4)
    return spider


@pytest.fixture
def job(tmp_path) -> CrawlJob:
    return CrawlJob(
        run_id="r1",
        data_dir=tmp_path,
        source=shipped_sources()["boobpedia"],
        params=BuildParams(),
        mode="full",
        started_at=WEEK_1,
        contact="nobody@site.example",
    )


@pytest.mark.parametrize("error", ERRORS, ids=NAMES)
def test_it_has_a_kind_and_a_sentence(error):
    found = fetch_failed(error)
    assert isinstance(found, FetchFailed) and found.kind in KINDS
    assert str(found) and len(str(found)) <= 300
    assert type(error).__name__ not in str(found)


def never(body: bytes, url: str) -> Profile:
    raise AssertionError(f"nothing came from {url}, and it is read")


@pytest.mark.parametrize("error", ERRORS, ids=NAMES)
def test_it_costs_a_page_of_a_reference_site_no_more_than_that_page(job, error):
    spider = spider_of(SourceSpider, job, error)
    visitor = Visitor(job.source, spider.answer_to, WEEK_1, never, None)
    target: Target = {
        "page_id": "A",
        "path": "/boobs/A",
        "found_by": "url",
        "candidates": [],
        "scene_count": 0,
    }
    kind = fetch_failed(error).kind
    if kind == "held":
        with pytest.raises(CrawlStopped) as stopped:
            asyncio.run(visitor.visit(target, None))
        assert stopped.value.status == "blocked"
        return
    outcome = asyncio.run(visitor.visit(target, None))
    assert outcome.kind == ("forbidden" if kind == "robots" else "failed")
    (failed,) = outcome.errors
    assert (failed.kind, failed.source) == (kind, "boobpedia")
    assert str(failed.url).endswith("/boobs/A") and outcome.row is None


@pytest.mark.parametrize("error", ERRORS, ids=NAMES)
def test_it_costs_a_picture_no_more_than_that_picture(job, error):
    spider = spider_of(SourceSpider, job, error)
    images = ImageDownloads(job, spider.report, spider.answer_to, Exclusions())
    row = asyncio.run(images._settle("https://site.example/a.jpg"))
    assert row["status"] in ("failed", "refused")
    assert row["reason"] is not None
    assert row["reason"].startswith(f"{fetch_failed(error).kind}: ")
    assert "disk" not in row["reason"]
    assert [e.url for e in spider.report.errors.listed()] == ["https://site.example/a.jpg"]


@pytest.mark.parametrize("error", ERRORS, ids=NAMES)
def test_a_list_page_that_cannot_be_had_ends_its_source_with_that_reason(job, error):
    spider = spider_of(StashBoxSpider, job, error)
    spider.url = "https://box.example/graphql"
    request = Request(spider.url)
    with pytest.raises(CrawlStopped) as stopped:
        asyncio.run(spider._answer(request, f"{spider.url}#page=1"))
    assert stopped.value.status in ("failed", "blocked")
    assert "disk" not in str(stopped.value)
    (failed,) = spider.report.errors.listed()
    assert (failed.kind, failed.url) == (fetch_failed(error).kind, f"{spider.url}#page=1")


def test_the_end_of_a_crawl_and_its_cancellation_pass(job):
    for error in (CrawlStopped("blocked", "enough"), asyncio.CancelledError()):
        spider = spider_of(SourceSpider, job, error)
        with pytest.raises(type(error)):
            asyncio.run(spider.answer_to(Request("https://site.example/a")))


def test_a_page_that_is_asked_while_scrapy_closes_is_not_to_blame(job):
    spider = spider_of(SourceSpider, job, RuntimeError("No open spider to crawl"))
    spider.crawler.engine.spider = None
    with pytest.raises(CrawlStopped, match="stopped by a signal"):
        asyncio.run(spider.answer_to(Request("https://site.example/a")))


@pytest.mark.parametrize("error", [RecursionError("deep"), KeyError("x"), OSError(5, "io")])
def test_a_parser_that_fails_costs_its_page(job, error):
    def parse(body, url):
        raise error

    async def fetch(request):
        return Response(request.url, body=b"<html><title>x</title></html>")

    visitor = Visitor(job.source, fetch, WEEK_1, parse, None)
    target: Target = {
        "page_id": "A",
        "path": "/boobs/A",
        "found_by": "url",
        "candidates": [],
        "scene_count": 0,
    }
    outcome = asyncio.run(visitor.visit(target, None))
    assert (outcome.kind, outcome.errors[0].kind) == ("unreadable", "parser")
