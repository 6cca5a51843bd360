"""One exception for all that can go wrong between a request and its answer.

`SourceSpider.answer_to` turns whatever Scrapy, Twisted, the decoders or a middleware raise into a
`FetchFailed`, so that one bad answer costs one page or picture and nothing else.
"""

from __future__ import annotations

import ssl

from OpenSSL.SSL import Error as OpenSslError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from scrapy.http import Request
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.web.client import RequestTransmissionFailed, ResponseFailed

from scrapy_project.fetchers.errors import BadEncoding, FetcherError, LedElsewhere
from scrapy_project.limits.middlewares.addresses import AddressRefused, BadRedirect
from scrapy_project.limits.middlewares.budget import HostHeld
from scrapy_project.limits.middlewares.robots import RobotsRefused, origin_of
from scrapy_project.limits.tls_words import NOT_SECURE, tls_words

LONGEST = 300  # characters of a message

# What may be better in a moment. Network errors are `OSError`s or of classes of their own.
PASSING: tuple[type[Exception], ...] = (
    CannotResolveHostError,
    ConnectError,
    ConnectionClosed,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    OpenSslError,
    OSError,
    RequestTransmissionFailed,
    ResponseDataLossError,
    ResponseFailed,
)
_Known = type[Exception] | tuple[type[Exception], ...]
_SENTENCES: tuple[tuple[_Known, str, str], ...] = (
    (HostHeld, "held", ""),
    (AddressRefused, "address_refused", ""),
    (BadRedirect, "bad_redirect", ""),
    (LedElsewhere, "wall", ""),
    (BadEncoding, "encoding", ""),
    (FetcherError, "network", ""),
    (DownloadCancelledError, "too_large", "the answer is above the limit of bytes"),
    (UnsupportedURLSchemeError, "bad_address", "only http and https are asked"),
    (CannotResolveHostError, "network", "the name of the host can't be resolved"),
    (DownloadConnectionRefusedError, "network", "the host refused the connection"),
    (DownloadTimeoutError, "network", "no answer within timeout_seconds"),
    (ResponseDataLossError, "network", "the answer was cut off before its end"),
    (ssl.SSLError, "network", NOT_SECURE),
    (OpenSslError, "network", NOT_SECURE),
    (PASSING, "network", "the connection failed"),
)


class FetchFailed(Exception):
    """No answer that could be used.

    `kind`: network, encoding (the body is not what Content-Encoding says), bad_address,
    bad_redirect, redirects (one after the other), wall (led to another site), robots,
    robots_unreachable, held (the host asked for a pause), address_refused, too_large, or
    broken_answer for all else.
    """

    def __init__(self, kind: str, message: str, origin: str | None = None) -> None:
        """`origin`: whose robots.txt it was, where that is the reason."""
        super().__init__(message[:LONGEST])
        self.kind = kind
        self._origin = origin

    def is_no_robots_of(self, url: str) -> bool:
        """Whether nothing may be asked of the host of `url`: its rules can't be had."""
        return self.kind == "robots_unreachable" and self._origin == origin_of(url)


def fetch_failed(error: Exception) -> FetchFailed:
    """What `error`, raised on the way to an answer, means for the page or picture."""
    if isinstance(error, FetchFailed):
        return error
    if isinstance(error, RobotsRefused):
        return FetchFailed(error.kind, str(error), error.origin)
    if why := tls_words(error):
        return FetchFailed("network", _said(NOT_SECURE, why))
    for known, kind, sentence in _SENTENCES:
        if isinstance(error, known):
            return FetchFailed(kind, _said(sentence, _words(error)))
    if isinstance(error, IgnoreRequest):
        return FetchFailed(_ignored(str(error)), str(error) or "the request was not sent")
    return FetchFailed("broken_answer", _said("the answer could not be used", _words(error)))


def request_for(url: str, headers: dict[str, str] | None = None) -> Request:
    """Raises `FetchFailed` (bad_address) for a URL that can't be asked."""
    try:
        return Request(url, headers=headers)
    except ValueError as error:
        raise FetchFailed("bad_address", f"{url[:200]!r} is no address: {error}") from None


def _ignored(text: str) -> str:
    """Scrapy's own reasons to drop a request differ in their words only."""
    if "robots.txt" in text:
        return "robots"
    return "redirects" if "redirection" in text else "broken_answer"


def _said(sentence: str, detail: str) -> str:
    if not sentence or not detail or detail == sentence:
        return sentence or detail
    return f"{sentence}: {detail}"


def _words(error: BaseException) -> str:
    """An error's own words. Twisted wraps failures into failures, and shows them as Python does."""
    try:
        reasons = getattr(error, "reasons", None) or getattr(error.__cause__, "reasons", None) or ()
        wrapped = [getattr(reason, "value", reason) for reason in reasons]
        text = "" if wrapped else str(error)
    except Exception:  # an error that can't even say what it is
        return ""
    if wrapped:
        return "; ".join(dict.fromkeys(filter(None, map(_words, wrapped))))
    text = text.removeprefix(type(error).__name__)
    return "" if text.startswith(("<", "[", "(", "{")) else " ".join(text.split())
