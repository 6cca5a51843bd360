"""Where a response came from: the requested page, another performer's, or a wall."""

from __future__ import annotations

from urllib.parse import urlsplit

from scrapy.http import Response

from scrapy_project.parsing.profile import PageError
from scrapy_project.parsing.walls import wall_address, walled
from scrapy_project.storage.profile_rows import same_site
from trainer.config.sources import SourceConfig
from trainer.identity.addresses import take_apart
from trainer.identity.site_table import SitePage
from trainer.staging.rows import Target


class Landing:
    """Tells the pages of one source apart by their addresses."""

    def __init__(self, source: SourceConfig) -> None:
        assert source.page is not None
        self._base = str(source.base_url).rstrip("/")
        self._pages = SitePage(source.page, self._base)

    def led_elsewhere(self, target: Target, url: str) -> bool:
        """Whether `url` is another performer's page. Raises `PageError` (wall) where it is none."""
        if self.is_own(target, url):
            return False
        address = take_apart(url)
        found = self._pages.page(address) if address else None
        if not self._of_the_site(url) or wall_address(url) or found is None:
            raise walled(f"led to {url}")
        return found.id != target["page_id"] and found.space == self._space_of(target)

    def _space_of(self, target: Target) -> str | None:
        """Ids of two spaces can't be compared: a redirect says that they are one person's."""
        address = take_apart(f"{self._base}{target['path']}")
        found = self._pages.page(address) if address else None
        return found.space if found else None

    def gone(self, response: Response) -> PageError:
        """The error of a page that is not there, where it is the site that says so."""
        if not self._of_the_site(response.url):
            return walled(f"led to {response.url}")
        return PageError("missing_page", f"HTTP {response.status}")

    def is_own(self, target: Target, url: str) -> bool:
        """Whether `url` is where the target was asked for, but for query and scheme."""
        path = urlsplit(f"{self._base}{target['path']}").path
        return self._of_the_site(url) and urlsplit(url).path == path

    def _of_the_site(self, url: str) -> bool:
        host = urlsplit(url).hostname or ""
        own = (urlsplit(self._base).hostname or "", *self._pages.domains)
        return any(host == domain or same_site(host, domain) for domain in own)
