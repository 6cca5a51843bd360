"""Shared by all tests. Sockets beyond loopback are blocked in pyproject.toml (pytest-socket)."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

# The same examples in every run: a failure is one that anybody sees. `--hypothesis-profile=search`
# looks for new ones.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None)
settings.load_profile("repeatable")
