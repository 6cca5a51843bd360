"""Plain pages that are refused are asked for again by another fetcher, where there is one."""

from __future__ import annotations

import asyncio

import pytest
from scrapy.http import Request, Response

from scrapy_project.fetchers.choice import PageFetcher
from tests.unit.test_fetch_services import source

URL = "https://site.example/babe/Ann_Ex"
CHECK = b"<!doctype html><title>Just a moment...</title>"


class Network:
    """Answers by fetcher; counts how many are under way at once."""

    def __init__(self, **answers: tuple[int, bytes]) -> None:
        self.answers = answers
        self.asked: list[str] = []
        self.under_way = self.most = 0

    async def fetch(self, request: Request) -> Response:
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(3):
            await asyncio.sleep(0)
        self.under_way -= 1
        fetcher = request.meta["fetcher"]
        self.asked.append(fetcher)
        status, body = self.answers[fetcher]
        return Response(request.url, status=status, body=body)


def pages(network: Network, said: list[str] | None = None, **fields) -> PageFetcher:
    config = source(fields.pop("fetcher", "plain")).model_copy(update=fields)
    return PageFetcher(config, network.fetch, (said if said is not None else []).append)


def ask(fetcher: PageFetcher, times: int = 1) -> list[int]:
    async def all_at_once():
        requests = [Request(f"{URL}?{n}", meta={"kept": n}) for n in range(times)]
        return [r.status for r in await asyncio.gather(*map(fetcher.fetch, requests))]

    return asyncio.run(all_at_once())


@pytest.fixture(autouse=True)
def services(monkeypatch):
    monkeypatch.setenv("FLARESOLVERR_URL", "http://127.0.0.1:1")
    monkeypatch.delenv("CHROME_CDP_URL", raising=False)


@pytest.mark.parametrize("refusal", [(403, b""), (403, CHECK), (200, CHECK)])
def test_after_a_refusal_this_page_and_all_others_go_through_the_other_one(refusal):
    said: list[str] = []
    network = Network(plain=refusal, flaresolverr=(200, b"<p>Ann"))
    fetcher = pages(network, said, fetcher_on_403="flaresolverr")
    assert fetcher.fetcher == "plain"
    assert ask(fetcher) + ask(fetcher) == [200, 200]
    assert network.asked == ["plain", "flaresolverr", "flaresolverr"]
    assert fetcher.fetcher == "flaresolverr"
    assert len(said) == 1 and "FlareSolverr" in said[0]


@pytest.mark.parametrize("status", [200, 401, 404, 429, 500, 503])
def test_other_answers_change_nothing(status):
    network = Network(plain=(status, b"<p>Ann"), flaresolverr=(200, b""))
    assert ask(pages(network, fetcher_on_403="flaresolverr"), 2) == [status] * 2
    assert network.asked == ["plain", "plain"]


@pytest.mark.parametrize("other", [None, "chrome"])
def test_without_another_one_a_refusal_stays_one(other):
    network = Network(plain=(403, b""))
    assert ask(pages(network, fetcher_on_403=other), 2) == [403, 403]
    assert network.asked == ["plain", "plain"]


def test_a_refusal_of_the_other_one_is_the_answer():
    network = Network(plain=(403, b""), flaresolverr=(403, b""))
    assert ask(pages(network, fetcher_on_403="flaresolverr")) == [403]
    assert network.asked == ["plain", "flaresolverr"]


def test_refusals_at_the_same_time_are_said_once():
    said: list[str] = []
    network = Network(plain=(403, b""), flaresolverr=(200, b""))
    assert ask(pages(network, said, fetcher_on_403="flaresolverr"), 3) == [200] * 3
    assert network.asked == ["plain"] * 3 + ["flaresolverr"] * 3
    assert len(said) == 1


@pytest.mark.parametrize(("fetcher", "most"), [("plain", 3), ("flaresolverr", 1), ("chrome", 1)])
def test_browsers_take_one_page_at_a_time(fetcher, most):
    network = Network(**{fetcher: (200, b"")})
    assert ask(pages(network, fetcher=fetcher), 3) == [200] * 3
    assert network.most == most
