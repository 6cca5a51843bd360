"""When a host wants no more of us: refusals and checks for robots, counted in a row."""

from __future__ import annotations

import re
from collections import Counter

from scrapy.http import Response

from scrapy_project.storage.report import CrawlStopped

LIMIT = 8  # refusals in a row after which a host wants no more of us
REFUSING = frozenset({401, 403, 429})
_CHECKING = frozenset({403, 429, 503})
_HEAD_BYTES = 65_536
_TITLE = re.compile(rb"<title[^>]*>\s*(.*?)\s*</title", re.IGNORECASE | re.DOTALL)
# Titles of pages that ask whether one is a robot. A person's page has more in its title.
_TITLES = (
    b"just a moment",
    b"one moment, please",
    b"please wait",
    b"attention required",
    b"checking your browser",
    b"verify you are human",
    b"human verification",
    b"are you a robot",
    b"robot check",
    b"security check",
    b"ddos-guard",
    b"access denied",
)
_REST_OF_TITLE = re.compile(rb"[\s.!?\xe2\x80\xa6]*(\|\s*\w+)?$")
# Parts of such pages that the pages behind them never have.
_MARKERS = (
    b"_cf_chl_opt",
    b'id="challenge-form"',
    b'id="cf-challenge-running"',
    b"/ddos-guard/js-challenge",
    b'id="px-captcha"',
    b"captcha-delivery.com/captcha",
    b"incapsula incident id",
    b"sucuri_cloudproxy_js",
)


def challenge(response: Response) -> str | None:
    """What shows that the answer is a check for robots, not what was asked for; else None."""
    if (response.headers.get("cf-mitigated") or b"").strip().lower() == b"challenge":
        return "header cf-mitigated"
    head = response.body[:_HEAD_BYTES].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if response.status not in _CHECKING | {200} or not head.startswith(b"<"):
        return None
    for marker in _MARKERS:
        if marker in head:
            return f"marker {marker.decode('ascii')}"
    found = _TITLE.search(head)
    return _title_of_check(found.group(1)) if found else None


def _title_of_check(title: bytes) -> str | None:
    for known in _TITLES:
        if title.startswith(known) and _REST_OF_TITLE.match(title[len(known) :]):
            return f"title {known.decode('ascii')!r}"
    return None


def refusal(response: Response) -> str | None:
    """Why the answer is a refusal of us rather than of one address; None where it is none."""
    mark = challenge(response)
    if mark is not None:
        return f"a check for robots, by its {mark}"
    return f"HTTP {response.status}" if response.status in REFUSING else None


class Breaker:
    """Counts refusals in a row by host; `what` is what is asked for, e.g. `pictures`."""

    def __init__(self, what: str, limit: int = LIMIT) -> None:
        self._what = what
        self._limit = limit
        self._in_a_row: Counter[str] = Counter()

    def saw(self, host: str, why: str | None) -> None:
        """`why`: what `refusal` says of an answer of `host`. Raises `CrawlStopped` (blocked)."""
        self._in_a_row[host] = self._in_a_row[host] + 1 if why else 0
        if self._in_a_row[host] >= self._limit:
            raise CrawlStopped(
                "blocked",
                f"{host} refused {self._limit} {self._what} in a row (the last: {why}); nothing "
                "more was asked of it. Wait, or lower requests_per_minute, and run again",
            )
