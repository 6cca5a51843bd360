"""Where the operator's FlareSolverr and Chrome are, without telling anybody else."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from functools import cache
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from scrapy_project.storage.report import CrawlStopped
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig

NAMES: Final = {"flaresolverr": "FlareSolverr", "chrome": "Chrome"}
VARIABLES: Final = {"flaresolverr": "FLARESOLVERR_URL", "chrome": "CHROME_CDP_URL"}
DEFAULTS: Final = {"flaresolverr": "http://localhost:8191", "chrome": "http://localhost:9222"}
_SECONDS = 5.0


@dataclass(frozen=True)
class Service:
    """A fetcher's address. Only `shown` may stand in a message: the rest may hold secrets."""

    name: str
    shown: str  # scheme, host and port
    url: str = field(repr=False)  # without user information
    login: tuple[str, str] | None = field(default=None, repr=False)

    @classmethod
    def at(cls, fetcher: str, url: str) -> Service:
        """Return the service at an address, with the user information taken out of it."""
        parsed = urlsplit(url)
        user, _, host = parsed.netloc.rpartition("@")
        name, _, password = user.partition(":")
        return cls(
            name=NAMES[fetcher],
            shown=f"{parsed.scheme}://{host}",
            url=urlunsplit(parsed._replace(netloc=host)),
            login=(unquote(name), unquote(password)) if user else None,
        )

    def __str__(self) -> str:
        return f"{self.name} at {self.shown}"


def service(fetcher: str) -> Service | None:
    """The operator's `flaresolverr` or `chrome`; None where it isn't set."""
    settings = Settings.load()
    urls = {"flaresolverr": settings.flaresolverr_url, "chrome": settings.chrome_cdp_url}
    url = urls[fetcher]
    return Service.at(fetcher, url.get_secret_value()) if url is not None else None


def present(fetcher: str) -> Service | None:
    """The operator's fetcher; None where it isn't set, or is set to the default address, which an
    installer's template fills in, and nothing answers there."""
    found = service(fetcher)
    if found is not None and found.shown == DEFAULTS[fetcher] and not _answers(found):
        return None
    return found


@cache
def _answers(found: Service) -> bool:
    """Does anything listen there? Asked once a crawl: what goes away later is a failure."""
    address = urlsplit(found.url)
    try:
        with socket.create_connection((address.hostname or "", address.port or 80), _SECONDS):
            return True
    except OSError:
        return False


def require_fetcher(source: SourceConfig) -> None:
    """`CrawlStopped` (skipped) where the source's pages need a fetcher that isn't there."""
    if source.fetcher == "plain" or present(source.fetcher) is not None:
        return
    silent = service(source.fetcher)
    if silent is None:
        raise CrawlStopped("skipped", missing(source.fetcher))
    raise CrawlStopped("skipped", f"nothing answers there ({silent}); start it, to ask this source")


def missing(fetcher: str) -> str:
    """Return what an operator has to set for a fetcher that isn't there."""
    return f"needs {NAMES[fetcher]}: set {VARIABLES[fetcher]}"
