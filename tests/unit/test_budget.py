"""The budget of a host: never above its rate, whoever asks and however late."""

from __future__ import annotations

import asyncio
import random
import selectors
from typing import TYPE_CHECKING

import pytest
from scrapy.http import Request

from scrapy_project.limits.budget import Budget, Held, host_key, source_key
from scrapy_project.limits.budget_files import BudgetFiles, budget_file
from scrapy_project.limits.middlewares.budget import BudgetMiddleware, HostHeld
from scrapy_project.storage.report import CrawlStopped

if TYPE_CHECKING:
    from tests.unit.budget_fixtures import Clock

pytest_plugins = ["tests.unit.budget_fixtures"]
KEYS = [source_key("a"), host_key("https://www.example.org/x")]


def run(clock: Clock, *coroutines) -> None:
    """Run on a loop whose time passes only while everybody waits."""

    class Selector(selectors.DefaultSelector):
        def select(self, timeout=None):
            clock.moment += max(timeout or 0.0, 0.0)
            return super().select(0)

    class Loop(asyncio.SelectorEventLoop):
        def time(self) -> float:
            return clock()

    loop = Loop(Selector())
    try:
        loop.run_until_complete(asyncio.wait_for(_gather(coroutines), 1e9))
    finally:
        loop.close()


async def _gather(coroutines) -> None:
    await asyncio.gather(*coroutines)


def test_moments_are_an_interval_apart_and_a_pause_is_not_saved_up(budget, clock):
    assert [budget.reserve(KEYS, 0.5) for _ in range(3)] == [1000, 1000.5, 1001]
    clock.moment = 2000
    assert [budget.reserve(KEYS, 0.5) for _ in range(2)] == [2000, 2000.5]


def test_a_host_is_shared_by_sources_and_a_source_by_its_hosts(budget):
    other_host = [KEYS[0], host_key("https://pictures.example.net/")]
    other_source = [source_key("b"), KEYS[1]]
    assert budget.reserve(KEYS, 1) == 1000
    assert budget.reserve(other_host, 1) == 1001
    assert budget.reserve(other_source, 3) == 1001
    assert budget.reserve(KEYS, 1) == 1004


def test_another_crawl_sees_what_was_reserved(budget, new_budget):
    budget.reserve(KEYS, 5)
    assert new_budget().reserve(KEYS, 5) == 1005
    assert new_budget().reserve(KEYS, 5) == 1010


def test_a_held_host_is_not_asked_and_nothing_is_reserved(budget, clock):
    budget.hold(KEYS[1], 30)
    budget.hold(KEYS[1], 10)  # never shortens
    with pytest.raises(Held) as held:
        budget.reserve(KEYS, 1)
    assert held.value.key == "host-example.org" and held.value.until == 1030
    assert budget.reserve([KEYS[0], host_key("https://another.example")], 1) == 1000
    clock.moment = 1030
    assert budget.reserve(KEYS, 1) == 1030


def test_a_hold_has_an_end(budget):
    budget.hold(KEYS[1], 1e12)
    with pytest.raises(Held) as held:
        budget.reserve(KEYS, 1)
    assert held.value.until == 1000 + 86_400


def test_who_is_late_by_more_than_half_an_interval_needs_a_new_moment(budget, clock):
    moment = budget.reserve(KEYS, 1)
    clock.moment = moment + 0.5
    assert budget.confirm(KEYS, moment, 1)
    clock.moment = moment + 0.6
    assert not budget.confirm(KEYS, moment, 1)
    budget.hold(KEYS[1], 5)
    with pytest.raises(Held):
        budget.confirm(KEYS, clock.moment, 1)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.example.org/graphql", "host-example.org"),
        ("https://CDN.Example.org./a.jpg", "host-example.org"),
        ("https://static.site.example.co.uk/a.jpg", "host-example.co.uk"),
        ("https://example.org:8443/", "host-example.org"),
        ("http://127.0.0.1:8001/", "host-127.0.0.1:8001"),
        ("http://127.0.0.1:8002/", "host-127.0.0.1:8002"),
        ("https://localhost/", "host-localhost:443"),
        ("http://[::1]:90/", "host-::1:90"),
        ("http://intranet/", "host-intranet"),
    ],
)
def test_the_key_of_a_host(url, key):
    assert host_key(url) == key


def test_no_key_leaves_the_directory(tmp_path):
    assert budget_file(tmp_path, "host-../../etc/x").parent == tmp_path


def most_in_any_window(starts: list[float], interval: float) -> list[tuple[int, int]]:
    """(N, most starts in any N intervals) where that is more than N + 1."""
    found = []
    for n in range(1, len(starts) - 1):
        spans = [starts[i + n + 1] - starts[i] for i in range(len(starts) - n - 1)]
        if min(spans) < n * interval:
            found.append((n, n + 2))
    return found


@pytest.mark.parametrize("seed", range(2))
def test_never_above_the_rate_with_four_crawls_on_a_machine_that_stalls(new_budget, clock, seed):
    chance, starts = random.Random(seed), []

    async def late_sleep(seconds: float) -> None:
        stall = chance.choice([0, 0, 0.001, 0.3, 2.0])
        await asyncio.sleep(seconds + stall)

    async def crawl(name: str) -> None:
        middleware = BudgetMiddleware(new_budget(), name, 0.5, 900, late_sleep)
        for _ in range(15):
            await middleware.process_request(Request("https://example.org/"))
            starts.append(clock())

    run(clock, *(crawl(name) for name in "aabc"))
    assert len(starts) == 60
    assert most_in_any_window(sorted(starts), 0.5) == []


def test_budgets_on_a_slow_disk_are_no_endless_wait(budget, clock, monkeypatch):
    """Each look at them takes four intervals, and every moment has gone by then."""
    change, starts = budget._store.change, []

    def slowly(keys, interval, work):
        clock.moment += 1.0
        assert clock.moment < 2_000.0
        return change(keys, interval, work)

    monkeypatch.setattr(budget._store, "change", slowly)

    async def crawl() -> None:
        middleware = BudgetMiddleware(budget, "a", 0.25, 900)
        for _ in range(5):
            await middleware.process_request(Request("https://example.org/"))
            starts.append(clock())

    run(clock, crawl())
    assert most_in_any_window(starts, 0.25) == []


@pytest.mark.parametrize("per_minute", [240, 60, 20])
def test_the_rate_is_reached_when_answers_take_their_time(budget, clock, per_minute):
    interval = 60 / per_minute
    middleware = BudgetMiddleware(budget, "a", interval, 900)

    async def worker() -> None:
        for _ in range(10):
            await middleware.process_request(Request("https://example.org/"))
            await asyncio.sleep(3.5 * interval)  # the answer

    began = clock()
    run(clock, *(worker() for _ in range(4)))
    assert clock() - began == pytest.approx((39 + 3.5) * interval, abs=1e-3)


def test_a_hold_of_another_crawl_stops_requests_that_have_their_moment(budget, clock):
    middleware = BudgetMiddleware(budget, "a", 10, 900)
    starts = []

    async def asks() -> None:
        for _ in range(2):
            await middleware.process_request(Request("https://example.org/"))
            starts.append(clock())

    async def another_is_told_to_wait() -> None:
        await asyncio.sleep(5)
        budget.hold("host-example.org", 60)

    run(clock, asks(), another_is_told_to_wait())
    assert starts[0] == 1000 and starts[1] == pytest.approx(1065, abs=1e-3)


def test_a_hold_on_the_picture_host_does_not_hold_the_pages(budget, clock):
    middleware = BudgetMiddleware(budget, "a", 1, 900)
    budget.hold("host-pictures.example", 600)
    pages = []

    async def image() -> None:
        await middleware.process_request(Request("https://pictures.example/"))
        assert clock() == pytest.approx(1600, abs=1e-3)

    async def page() -> None:
        for _ in range(5):
            await middleware.process_request(Request("https://example.org/"))
            pages.append(clock())

    run(clock, image(), page())
    assert pages == pytest.approx([1000, 1001, 1002, 1003, 1004], abs=1e-3)


def test_a_longer_hold_than_a_crawl_waits_is_said_at_once(budget, clock):
    budget.hold("host-example.org", 7200)

    async def asks() -> None:
        with pytest.raises(HostHeld, match=r"example\.org asked .* 120 minutes"):
            middleware = BudgetMiddleware(budget, "a", 1, 900)
            await middleware.process_request(Request("https://example.org/"))

    run(clock, asks())
    assert clock() == 1000


def test_a_budget_that_cannot_be_kept_ends_the_crawl(tmp_path, clock):
    budget = Budget(BudgetFiles(tmp_path / "budget", clock, "boot-1"))
    (tmp_path / "budget").rmdir()
    (tmp_path / "budget").write_text("a file where the directory was")

    async def asks() -> None:
        with pytest.raises(CrawlStopped, match="free disk space or mend the path"):
            await BudgetMiddleware(budget, "a", 1, 900).process_request(Request("https://x.org/"))

    run(clock, asks())
