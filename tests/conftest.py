"""Shared by all tests. Sockets beyond loopback are blocked in pyproject.toml (pytest-socket)."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from trainer.errors import TrainerError

# The same examples in every run: a failure is one that anybody sees. `--hypothesis-profile=search`
# looks for new ones.
settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("search", deadline=None)
settings.load_profile("repeatable")

_PYTHON = re.compile(r"[{}]|\b[A-Z][A-Za-z]*[a-z](?:Error|Exception)\b")
_OTHERS_WORDS = {"AirflowApiError", "ServiceError"}  # what an API or the end of a log says


@pytest.fixture(autouse=True)
def _logs_are_kept(caplog: pytest.LogCaptureFixture) -> None:
    """`caplog.messages` has what the project's own modules log."""
    for name in ("trainer", "embedder"):
        caplog.set_level(logging.INFO, name)


@pytest.fixture(autouse=True)
def _errors_are_sentences(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No error of ours that any test meets shows a Python object or the name of a class."""
    bad: list[str] = []
    plain = TrainerError.__init__

    def noted(self: TrainerError, *given: object) -> None:
        text = str(given[0]) if given else ""
        if type(self).__name__ not in _OTHERS_WORDS and _PYTHON.search(text):
            bad.append(text)
        plain(self, *given)

    monkeypatch.setattr(TrainerError, "__init__", noted)
    yield
    assert not bad, bad
