"""Which fetcher a source's pages are asked through; it may change once, when plain is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from scrapy.http import Request, Response

from scrapy_project.fetchers.services import NAMES, present
from scrapy_project.limits.breaker import challenge
from trainer.config.sources import SourceConfig


class PageFetcher:
    """Asks for a source's pages. Pictures and robots.txt don't go through here: they are plain.

    `fetch` is `SourceSpider.fetch`, `say` takes a line of progress.
    """

    def __init__(
        self,
        source: SourceConfig,
        fetch: Callable[[Request], Awaitable[Response]],
        say: Callable[[str], None],
    ) -> None:
        self._fetch = fetch
        self._say = say
        self._fetcher: str = source.fetcher
        other = source.fetcher_on_403
        self._other = other if other is not None and present(other) is not None else None
        # A browser takes its time: a request whose moment in the budget has come must not wait
        # behind another one, or two would leave at once.
        self._turn = asyncio.Lock()

    @property
    def fetcher(self) -> str:
        """`plain`, `flaresolverr` or `chrome`, as the next page will be asked for."""
        return self._fetcher

    async def fetch(self, request: Request) -> Response:
        """The page's answer, whatever its status. A page that plain is refused (403, or a check
        for robots) is asked for again with `fetcher_on_403`, where the operator has that."""
        asked = self._fetcher
        response = await self._by(asked, request)
        if asked == "plain" and self._other and (response.status == 403 or challenge(response)):
            if self._fetcher == "plain":
                self._say(f"a plain request was refused: pages now go through {NAMES[self._other]}")
                self._fetcher = self._other
            response = await self._by(self._fetcher, request)
        return response

    async def _by(self, fetcher: str, request: Request) -> Response:
        asked = request.replace(meta={**request.meta, "fetcher": fetcher})
        if fetcher == "plain":
            return await self._fetch(asked)
        async with self._turn:
            return await self._fetch(asked)
