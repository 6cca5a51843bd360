"""What can go wrong with a fetcher, told from what goes wrong with a site."""

from __future__ import annotations

from scrapy.exceptions import DownloadFailedError, DownloadTimeoutError, IgnoreRequest


class FetcherError(DownloadFailedError):  # type: ignore[misc]
    """The fetcher did not bring the page; tried again as a failed download is."""


class FetcherTimeout(FetcherError, DownloadTimeoutError):  # type: ignore[misc]
    """The fetcher said that the page took too long, or took too long itself."""


class LedElsewhere(IgnoreRequest):  # type: ignore[misc]
    """A browser ended on another site than the one that was asked; its answer is not used."""


class BadEncoding(Exception):
    """The body is not what its Content-Encoding says."""
