"""Pages through FlareSolverr, API version 1: a browser that its operator runs."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

import httpx
from pydantic import BaseModel, Field, ValidationError, ValidationInfo, field_validator
from scrapy.http import Request

from scrapy_project.fetchers.errors import FetcherError, FetcherTimeout
from scrapy_project.fetchers.page import FetchedPage
from scrapy_project.fetchers.services import Service
from scrapy_project.fetchers.sites import same_page, same_site
from trainer.reasons import kind_of

logger = logging.getLogger(__name__)
logging.getLogger("httpx").setLevel(logging.WARNING)  # it logs every URL it asks

MARGIN_SECONDS: Final = 20.0  # that the service may take beyond the page's own limit
MAX_MESSAGE: Final = 300
_LOST_SESSION: Final = ("session does not exist", "session doesn't exist", "session not found")
_BLOCKED: Final = "blocked this request"
# How the service's browser shows that it reached nobody; the service calls that a success.
_NO_PAGE: Final = 'id="main-frame-error"'


class Solution(BaseModel):
    """A page as the service brings it. Versions from 3 on say status 200 whatever it was."""

    url: str
    status: int = Field(ge=100, le=599)
    response: str = ""
    headers: dict[str, Any] = {}
    cookies: list[dict[str, Any]] = []
    userAgent: str | None = None

    @field_validator("headers", "cookies", mode="before")
    @classmethod
    def _none_is_empty(cls, value: Any, info: ValidationInfo) -> Any:
        return ({} if info.field_name == "headers" else []) if value is None else value


class Answer(BaseModel):
    status: str
    message: str = ""
    session: str | None = None
    solution: Solution | None = None


class FlareSolverr:
    """One session a crawl, named after its source, so that a killed crawl leaves none behind."""

    def __init__(self, service: Service, session: str, max_bytes: int) -> None:
        self._service = service
        self._session = f"stash-sense-trainer-{session}"
        self._max_bytes = max_bytes
        self._made = False
        # A session is one browser tab: two requests at once would get each other's pages.
        self._turn = asyncio.Lock()
        self._client = httpx.AsyncClient(auth=service.login, trust_env=False)

    async def fetch(self, request: Request, seconds: float) -> FetchedPage:
        """Return the page, one at a time; a redirect of the service's browser as a redirect.

        Raises `FetcherTimeout` after `seconds`, `FetcherError` where the service fails.
        """
        async with self._turn:
            answer = await self._get(request.url, seconds)
        return _page(request, answer, self._service)

    async def close(self) -> None:
        """End our session and the connection; a session that stays is logged."""
        try:
            if self._made:
                await self._post({"cmd": "sessions.destroy", "session": self._session}, 0)
        except FetcherError as error:
            logger.warning("%s kept its session %s: %s", self._service, self._session, error)
        finally:
            await self._client.aclose()

    async def _get(self, url: str, seconds: float) -> Answer:
        command = {
            "cmd": "request.get",
            "url": url,
            "session": self._session,
            "maxTimeout": int(seconds * 1000),
            "disableMedia": True,
        }
        await self._make_session()
        answer = await self._post(command, seconds)
        if answer.status != "ok" and _says(answer, *_LOST_SESSION):  # it was started anew
            self._made = False
            await self._make_session()
            answer = await self._post(command, seconds)
        return answer

    async def _make_session(self) -> None:
        if self._made:
            return
        answer = await self._post({"cmd": "sessions.create", "session": self._session}, 60)
        if answer.status != "ok":
            raise FetcherError(f"{self._service} made no session: {_told(answer)}")
        self._made = True

    async def _post(self, command: Mapping[str, Any], seconds: float) -> Answer:
        timeout = httpx.Timeout(seconds + MARGIN_SECONDS, connect=MARGIN_SECONDS)
        url = f"{self._service.url.rstrip('/').removesuffix('/v1')}/v1"
        try:
            async with self._client.stream("POST", url, json=command, timeout=timeout) as got:
                return self._read(got.status_code, await self._body(got))
        except httpx.TimeoutException:
            raise FetcherTimeout(f"{self._service} did not answer in time") from None
        except httpx.HTTPError as error:
            kind = kind_of(error)
            raise FetcherError(
                f"{self._service} can't be reached ({kind}): see that it runs"
            ) from None

    async def _body(self, got: httpx.Response) -> bytes:
        body = bytearray()
        async for chunk in got.aiter_bytes():
            body += chunk
            if len(body) > self._max_bytes:
                raise FetcherError(f"{self._service}: its answer is above {self._max_bytes} bytes")
        return bytes(body)

    def _read(self, status: int, body: bytes) -> Answer:
        try:
            return Answer.model_validate_json(body)
        except ValidationError as error:
            where = ".".join(str(part) for part in error.errors()[0]["loc"]) or "no JSON"
            raise FetcherError(
                f"{self._service} answered HTTP {status} in no form known ({where}): see that "
                "FLARESOLVERR_URL leads to a FlareSolverr"
            ) from None


def _page(request: Request, answer: Answer, service: Service) -> FetchedPage:
    solution = answer.solution
    if answer.status != "ok" or solution is None:
        return _refused(request, answer, service)
    if _NO_PAGE in solution.response and "neterror" in solution.response:
        raise FetcherError(f"{service}: its browser reached nobody")
    moved = same_site(request.url, solution.url) and not same_page(request.url, solution.url)
    # Its browser follows redirects past robots.txt and rates: asked again the regular way.
    return FetchedPage(
        url=request.url if moved else solution.url,
        status=302 if moved else solution.status,
        html="" if moved else solution.response,
        headers={"Location": solution.url} if moved else solution.headers,
        cookies=solution.cookies,
        user_agent=solution.userAgent,
    )


def _refused(request: Request, answer: Answer, service: Service) -> FetchedPage:
    """A site that bars the service's browser is a refusal like any other; the rest raises."""
    if _says(answer, _BLOCKED):
        return FetchedPage(request.url, 403, "")
    if _says(answer, "timeout after"):
        raise FetcherTimeout(f"{service}: {_told(answer)}")
    raise FetcherError(f"{service}: {_told(answer)}")


def _says(answer: Answer, *words: str) -> bool:
    message = answer.message.lower()
    return any(word in message for word in words)


def _told(answer: Answer) -> str:
    return " ".join(answer.message.split())[:MAX_MESSAGE] or "no message"
