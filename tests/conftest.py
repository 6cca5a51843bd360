"""Shared by all tests. Sockets beyond loopback are blocked in pyproject.toml (pytest-socket)."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What runs side by side: files, but all that go on from the demo world's first build stay
    together, so that it is built once; so do the tests that need the one Docker daemon."""
    for item in items:
        shared = "week_1" in getattr(item, "fixturenames", ())
        together = shared or item.get_closest_marker("docker") is not None
        group = "first build" if together else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))
