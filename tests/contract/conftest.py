"""The demo world, its first week, for one test."""

import pytest

from demo.world import World


@pytest.fixture
def world():
    with World(week=1) as running:
        yield running
