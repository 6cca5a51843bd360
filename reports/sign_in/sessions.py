"""Who has signed in by a password, and how often somebody may try.

Both are kept in the server's memory: a restart signs everybody out.
"""

from __future__ import annotations

import hmac
import math
import secrets
import threading
import time
from collections.abc import Callable
from typing import Literal, NamedTuple

from pydantic import SecretStr

from trainer.config.settings import Settings

Role = Literal["viewer", "operator"]
COOKIE = "trainer_reports"
SECONDS = 12 * 3600.0  # then one signs in again
FREE_TRIES = 3
LONGEST_WAIT = 300.0
MOST = 10_000  # sessions and addresses that are remembered


class Session(NamedTuple):
    role: Role
    until: float


class Sessions:
    """Tokens that nobody can guess -> who they are."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._known: dict[str, Session] = {}
        self._lock = threading.Lock()

    def begin(self, role: Role) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            now = self._clock()
            kept = [(t, s) for t, s in self._known.items() if s.until > now][-MOST:]
            self._known = {**dict(kept), token: Session(role, now + SECONDS)}
        return token

    def role(self, token: str | None) -> Role | None:
        """None for who has not signed in, or too long ago."""
        found = self._known.get(token or "")
        return found.role if found and found.until > self._clock() else None

    def end(self, token: str | None) -> None:
        with self._lock:
            self._known.pop(token or "", None)


class Attempts:
    """After some wrong passwords the next may be tried only after a while, twice as long each
    time: for one address, and (ten times as late) for all addresses together."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._wrong: dict[str, tuple[int, float]] = {}
        self._lock = threading.Lock()

    def seconds_left(self, address: str) -> int:
        """How long `address` has to wait; 0: it may try."""
        now = self._clock()
        return math.ceil(max(self._wait(key, free, now) for key, free in _keys(address)))

    def wrong(self, address: str) -> None:
        with self._lock:
            for key, _ in _keys(address):
                count, _ = self._wrong.pop(key, (0, 0.0))
                self._wrong[key] = (count + 1, self._clock())
            while len(self._wrong) > MOST:
                self._wrong.pop(next(iter(self._wrong)))

    def right(self, address: str) -> None:
        with self._lock:
            self._wrong.pop(address, None)

    def _wait(self, key: str, free: int, now: float) -> float:
        count, last = self._wrong.get(key, (0, 0.0))
        if count < free:
            return 0.0
        return max(0.0, last + min(LONGEST_WAIT, 2.0 ** min(count - free, 20)) - now)


def _keys(address: str) -> tuple[tuple[str, int], ...]:
    return (address, FREE_TRIES), ("*", 10 * FREE_TRIES)


SESSIONS = Sessions()
ATTEMPTS = Attempts()


def has_passwords(settings: Settings) -> bool:
    return bool(settings.reports_password or settings.reports_viewer_password)


def role_for(settings: Settings, password: str) -> Role | None:
    """Whose password it is; takes as long for a wrong one."""
    found: Role | None = None
    known: tuple[tuple[Role, SecretStr | None], ...] = (
        ("viewer", settings.reports_viewer_password),
        ("operator", settings.reports_password),
    )
    for role, secret in known:
        right = secret.get_secret_value() if secret else ""
        if right and hmac.compare_digest(right.encode(), password.encode()):
            found = role
    return found
