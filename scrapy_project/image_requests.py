"""How a picture is asked for, and what the answer's headers say."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy.http import Request, Response

from scrapy_project.failures import FetchFailed, request_for


def image_request(url: str, referer: str | None) -> Request:
    """The request for a picture, with its page as referer; raises `FetchFailed` (bad_url) for
    anything but an absolute http(s) URL."""
    try:
        parsed = urlsplit(url)
        usable = parsed.scheme in ("http", "https") and bool(parsed.hostname) and parsed.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise FetchFailed("bad_url", "not an absolute http(s) URL")
    headers = {"Accept": "image/webp,image/png,image/jpeg"}
    return request_for(url, {**headers, "Referer": referer} if referer else headers)


def header(response: Response | None, name: str) -> str | None:
    """A header of the answer as text; None where there is no answer or no such header."""
    value = response.headers.get(name) if response is not None else None
    return value.decode("latin-1") if value else None
