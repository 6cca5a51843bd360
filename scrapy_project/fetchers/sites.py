"""Which hosts are one site, and which may be asked at all."""

from __future__ import annotations

import asyncio
import socket
from urllib.parse import urlsplit

import tldextract
from scrapy.exceptions import CannotResolveHostError
from w3lib.url import canonicalize_url

from scrapy_project.limits.middlewares.addresses import (
    ADVICE,
    AddressRefused,
    PublicResolver,
    is_address,
    is_public,
)

# The list of public suffixes that comes with the library: nothing is asked of the network.
_DOMAINS = tldextract.TLDExtract(
    suffix_list_urls=(), cache_dir=None, include_psl_private_domains=True
)


def site_of(host: str) -> str:
    """The registrable domain, e.g. `site.example` of `img.site.example`; an address is its own."""
    host = host.lower().rstrip(".")
    if is_address(host):
        return host
    # A suffix that the list doesn't know has one label, as the list itself says.
    known = _DOMAINS(host)
    return known.top_domain_under_public_suffix or (
        host if known.suffix else ".".join(host.split(".")[-2:])
    )


def same_site(left: str, right: str) -> bool:
    """Whether two http(s) URLs lie on one site, and the second is no less secure."""
    first, second = urlsplit(left), urlsplit(right)
    if second.scheme not in ("http", "https") or (first.scheme, second.scheme) == ("https", "http"):
        return False
    return site_of(first.hostname or "") == site_of(second.hostname or "")


def same_page(left: str, right: str) -> bool:
    """Whether two URLs differ in scheme, query and fragment at most."""
    first, second = (urlsplit(canonicalize_url(url)) for url in (left, right))
    return (first.hostname, first.path) == (second.hostname, second.path)


async def check_public(url: str) -> None:
    """Refuses (`AddressRefused`) a URL whose host is, or has, an address that isn't public.

    For the fetchers that resolve names themselves, where `PublicResolver` never sees them.
    """
    if PublicResolver.allow_private:
        return
    host = urlsplit(url).hostname or ""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        raise CannotResolveHostError(f"{host}: {error.strerror or error}") from None
    for *_, address in found:
        if not is_public(str(address[0]).partition("%")[0]):
            raise AddressRefused(f"{host} resolves to {address[0]}: {ADVICE}")
