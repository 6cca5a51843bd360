"""Files that are downloaded through the reports' own server, piece by piece: a database of
gigabytes never lies in memory, as Streamlit's own download button would have it.

A file is offered by a page under an address that nobody can guess and that ends after a while, so
that only who was shown the page has it. The server (`reports/server.py`) looks the address up.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import NamedTuple

ROUTE = "download"
SECONDS = 3600.0  # an offer holds; a download that has begun goes on


class _Offer(NamedTuple):
    path: Path
    name: str
    until: float


@dataclass
class Downloads:
    """The offers that hold. `is_served`: there is a server that answers them."""

    clock: Callable[[], float] = time.monotonic
    is_served: bool = False
    _offers: dict[str, _Offer] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def offer(self, path: Path, name: str) -> str:
        """The address of `path`, relative to a page's; a browser saves it as `name`."""
        token = secrets.token_urlsafe(24)
        now = self.clock()
        with self._lock:
            self._offers = {key: o for key, o in self._offers.items() if o.until > now}
            self._offers[token] = _Offer(path, name, now + SECONDS)
        return f"{ROUTE}/{token}"

    def find(self, token: str) -> tuple[Path, str] | None:
        """The file and its name; None for an unknown or ended offer, and a file that is gone."""
        with self._lock:
            offer = self._offers.get(token)
        if offer is None or offer.until <= self.clock() or not offer.path.is_file():
            return None
        return offer.path, offer.name


DOWNLOADS = Downloads()
