"""Only public addresses, and no way round by redirect or by DNS."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.resolver import CachingThreadedResolver

# What a browser takes for a host: letters of any script, never white space or brackets.
_HOST = re.compile(r"[^\s\x00-\x20\x7f<>\"%/?#@\[\]\\^`{|}]+")
ADVICE = "not a public address; set TRAINER_ALLOW_PRIVATE_HOSTS=1 only for a server of your own"


class AddressRefused(IgnoreRequest):  # type: ignore[misc]
    """The host is not public, or a redirect leads to another scheme."""


class BadRedirect(IgnoreRequest):  # type: ignore[misc]
    """A redirect leads to what is no address."""


class PublicResolver(CachingThreadedResolver):  # type: ignore[misc]
    """Checks the very address that the connection will use: a second answer can't slip in."""

    allow_private = False  # set from the job: the reactor makes the resolver before the spider
    refused: dict[str, str] = {}

    def getHostByName(self, name: str, timeout: Any = ()) -> Any:
        """Resolve a name; the result fails with `AddressRefused` where its address is private."""
        return super().getHostByName(name, timeout).addCallback(self._checked, name)

    def _checked(self, address: str, name: str) -> str:
        if not self.allow_private and not is_public(address):
            self.refused[name] = address
            raise AddressRefused(f"{name} resolves to {address}: {ADVICE}")
        return address


class AddressMiddleware:
    """Refuses literal private addresses, names that resolved to one, and strange redirects."""

    def process_request(self, request: Request) -> None:
        """Refuse a request to a literal private address. Raises `AddressRefused`."""
        host = urlsplit(request.url).hostname or ""
        if _is_private_literal(host):
            raise AddressRefused(f"{host}: {ADVICE}")

    def process_response(self, request: Request, response: Response) -> Response:
        """Let an answer through, but no redirect that nobody should follow.

        Raises `AddressRefused` where it changes to another scheme or gives up https, `BadRedirect`
        where it leads to what is no address.
        """
        location = response.headers.get("Location")
        if location is None or not 300 <= response.status < 400:
            return response
        target = _target(request.url, location.decode("latin-1"))
        before, after = urlsplit(request.url).scheme, urlsplit(target).scheme
        if after not in ("http", "https") or (before == "https" and after == "http"):
            raise AddressRefused(f"redirect from {before} to {after} refused")
        return response

    def process_exception(self, request: Request, exception: Exception) -> None:
        """Raise `AddressRefused` for a host that the resolver refused; Scrapy says it has none."""
        host = urlsplit(request.url).hostname or ""
        if isinstance(exception, CannotResolveHostError) and host in PublicResolver.refused:
            raise AddressRefused(f"{host} resolves to {PublicResolver.refused[host]}: {ADVICE}")


def _target(url: str, location: str) -> str:
    """Where a redirect leads; raises `BadRedirect` where nobody could follow it."""
    try:
        target = urljoin(url, location.strip())
        parsed = urlsplit(target)
        usable = parsed.port != 0  # raises for what is no number up to 65535
        if parsed.scheme in ("http", "https"):
            usable = usable and _HOST.fullmatch(parsed.hostname or "") is not None
    except ValueError:
        usable = False
    if not usable:
        raise BadRedirect(f"redirect to what is no address: {location[:200]!r}")
    return target


def is_refused(url: str) -> bool:
    """Whether the host of `url` is private itself, or was found to be when it was resolved."""
    host = urlsplit(url).hostname or ""
    return _is_private_literal(host) or host in PublicResolver.refused


def _is_private_literal(host: str) -> bool:
    return not PublicResolver.allow_private and is_address(host) and not is_public(host)


def is_address(host: str) -> bool:
    """True for an IPv4 or IPv6 literal (without brackets)."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Is the IP address none of a private network, of loopback or the like?"""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast
