"""Fixtures: budgets of every store, on a clock that stands still until it is told otherwise."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis

from scrapy_project.limits.budget import Budget
from scrapy_project.limits.budget_files import BudgetFiles
from scrapy_project.limits.budget_redis import RedisBudgets
from scrapy_project.limits.budget_shared_files import SharedBudgetFiles
from tests.redis_server import redis_server

STORES = ["files", "shared-files", "redis"]


class Clock:
    def __init__(self) -> None:
        self.moment = 1000.0

    def __call__(self) -> float:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def redis() -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="redis-") as folder, redis_server(Path(folder)) as url:
        yield url


@pytest.fixture(params=STORES)
def new_budget(request, tmp_path, clock) -> Callable[[], Budget]:
    """Makes budgets of one store, as each crawl makes its own."""
    if request.param == "files":
        return lambda: Budget(BudgetFiles(tmp_path, clock, "boot-1"))
    if request.param == "shared-files":
        return lambda: Budget(SharedBudgetFiles(tmp_path, clock))
    url = request.getfixturevalue("redis")
    Redis.from_url(url).flushall()
    return lambda: Budget(RedisBudgets(url, clock))


@pytest.fixture
def budget(new_budget) -> Budget:
    return new_budget()
