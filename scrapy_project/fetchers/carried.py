"""What a browser was given by a site, for the plain requests (pictures) that follow it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from http.cookiejar import Cookie, DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

from pydantic import AliasChoices, BaseModel, Field, ValidationError
from scrapy.http import Request
from scrapy.http.cookies import CookieJar

from scrapy_project.fetchers.sites import site_of

logger = logging.getLogger(__name__)
_NO_CONTROL = r"^[^\x00-\x20\x7f;,]*$"


class BrowserCookie(BaseModel):
    """A cookie as WebDriver and CDP give it. Its value is a secret: no repr shows it."""

    name: str = Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x20\x7f;,=]+$")
    value: str = Field(max_length=4096, pattern=r"^[^\x00-\x1f\x7f;]*$", repr=False)
    domain: str = Field(min_length=1, max_length=253, pattern=_NO_CONTROL)
    path: str = Field("/", pattern=_NO_CONTROL)
    secure: bool = False
    expires: float | None = Field(None, validation_alias=AliasChoices("expiry", "expires"))


class Carried:
    """Cookies by domain and user agents by site, of one crawl. Never written, never logged."""

    def __init__(self) -> None:
        strict = DefaultCookiePolicy.DomainStrictNonDomain  # a host's own cookie stays with it
        self._jar = CookieJar(DefaultCookiePolicy(strict_ns_domain=strict))
        self._agents: dict[str, str] = {}

    def keep(self, url: str, cookies: Iterable[Mapping[str, Any]], user_agent: str | None) -> None:
        """Keeps what belongs to the site of `url`, which a browser has just visited."""
        site = site_of(urlsplit(url).hostname or "")
        for given in cookies:
            try:
                cookie = BrowserCookie.model_validate(given)
            except ValidationError as error:
                fields = sorted({str(problem["loc"][0]) for problem in error.errors()})
                logger.warning("%s: a cookie was left out, its %s can't be sent", site, fields)
                continue
            if site_of(cookie.domain.lstrip(".")) == site:
                self._jar.jar.set_cookie(_for_jar(cookie))
        if user_agent and user_agent.isprintable():
            self._agents[site] = user_agent

    def put_on(self, request: Request) -> Request:
        """The request as the site's visitor would send it; itself where nothing is known."""
        agent = self._agents.get(site_of(urlsplit(request.url).hostname or ""))
        if agent is None:
            return request
        again: Request = request.copy()
        again.headers["User-Agent"] = agent
        self._jar.add_cookie_header(again)
        return again


def _for_jar(cookie: BrowserCookie) -> Cookie:
    lasting = cookie.expires is not None and cookie.expires > 0  # CDP: -1 for the session
    return Cookie(
        version=0,
        name=cookie.name,
        value=cookie.value,
        port=None,
        port_specified=False,
        domain=cookie.domain.lower(),
        domain_specified=cookie.domain.startswith("."),
        domain_initial_dot=cookie.domain.startswith("."),
        path=cookie.path,
        path_specified=True,
        secure=cookie.secure,
        expires=int(cookie.expires) if lasting and cookie.expires else None,
        discard=not lasting,
        comment=None,
        comment_url=None,
        rest={},
    )
