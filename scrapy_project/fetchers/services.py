"""Where the operator's FlareSolverr and Chrome are, without telling anybody else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from scrapy_project.storage.report import CrawlStopped
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig

NAMES: Final = {"flaresolverr": "FlareSolverr", "chrome": "Chrome"}
VARIABLES: Final = {"flaresolverr": "FLARESOLVERR_URL", "chrome": "CHROME_CDP_URL"}


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


def require_fetcher(source: SourceConfig) -> None:
    """`CrawlStopped` (skipped) where the source's pages need a fetcher that isn't there."""
    if source.fetcher != "plain" and service(source.fetcher) is None:
        raise CrawlStopped("skipped", missing(source.fetcher))


def missing(fetcher: str) -> str:
    """Return what an operator has to set for a fetcher that isn't there."""
    return f"needs {NAMES[fetcher]}: set {VARIABLES[fetcher]}"
