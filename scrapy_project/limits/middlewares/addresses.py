"""Only public addresses, and no way round by redirect or by DNS."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urljoin, urlsplit

from scrapy.exceptions import CannotResolveHostError, IgnoreRequest
from scrapy.http import Request, Response
from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IResolutionReceiver
from zope.interface import implementer

# What a browser takes for a host: letters of any script, never white space or brackets.
_HOST = re.compile(r"[^\s\x00-\x20\x7f<>\"%/?#@\[\]\\^`{|}]+")
ADVICE = "not a public address; set TRAINER_ALLOW_PRIVATE_HOSTS=1 only for a server of your own"


class AddressRefused(IgnoreRequest):  # type: ignore[misc]
    """The host is not public, or a redirect leads to another scheme."""


class BadRedirect(IgnoreRequest):  # type: ignore[misc]
    """A redirect leads to what is no address."""


class PublicResolver(CachingHostnameResolver):  # type: ignore[misc]
    """Checks the very addresses that the connection will use, IPv4 and IPv6: a second answer can't
    slip in. A name with one private address among others is refused whole."""

    allow_private = False  # set from the job: the reactor makes the resolver before the spider
    refused: dict[str, str] = {}

    def resolveHostName(
        self,
        resolutionReceiver: Any,
        hostName: str,
        portNumber: int = 0,
        addressTypes: Any = None,
        transportSemantics: str = "TCP",
    ) -> Any:
        """Resolve a name; it has no address where one of them is private."""
        checked = _PublicOnly(self, resolutionReceiver, hostName)
        found = super().resolveHostName(
            checked, hostName, portNumber, addressTypes, transportSemantics
        )
        return resolutionReceiver if found is checked else found

    def check(self, name: str, addresses: list[Any]) -> list[Any]:
        """Return the addresses, or none where one is private, which is noted as the reason."""
        private = [a.host for a in addresses if not (self.allow_private or is_public(a.host))]
        if private:
            self.refused[name] = private[0]
        return [] if private else addresses


@implementer(IResolutionReceiver)
class _PublicOnly:
    """Hands addresses on when all of them are known."""

    def __init__(self, resolver: PublicResolver, receiver: Any, name: str) -> None:
        self._resolver, self._receiver, self._name = resolver, receiver, name
        self._found: list[Any] = []

    def resolutionBegan(self, resolution: Any) -> None:
        """The search has begun."""
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:
        """One address more."""
        self._found.append(address)

    def resolutionComplete(self) -> None:
        """No address comes any more."""
        for address in self._resolver.check(self._name, self._found):
            self._receiver.addressResolved(address)
        self._receiver.resolutionComplete()


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
    if isinstance(found, ipaddress.IPv6Address):
        inside = _inside(found)
        if inside is not None:
            return is_public(str(inside))
        if found.is_site_local or found.is_reserved:
            return False
    return found.is_global and not found.is_multicast


_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")  # of networks without IPv4
_COMPATIBLE = ipaddress.IPv6Network("::/96")


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that an IPv6 one stands for, where a router may lead to it."""
    if address in _NAT64 or (address in _COMPATIBLE and int(address) > 1):
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour
