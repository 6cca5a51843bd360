"""Addresses as exclusions compare them: one spelling each, found by their host first."""

from __future__ import annotations

import re
from collections.abc import Set as AbstractSet

from trainer.identity.addresses import take_apart
from trainer.identity.links import domains_of, identify

_PLAIN_HOST = re.compile(r"(?:https?:)?//([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?:[:/?#]|$)", re.IGNORECASE)


def url_key(url: str) -> str:
    """Return one spelling of a URL: `site id` for a known site's profile, else the canonical
    address; text that is no address is returned as it is."""
    link = identify(url)
    if link.site and link.id:
        return f"{link.site} {link.id}"
    address = take_apart(url)
    if address is None:
        return url
    return f"{address.host.removeprefix('www.')}{address.with_query()}"


def may_be_at(url: str, domains: AbstractSet[str]) -> bool:
    """Can `url` be under one of `domains`? Looks at its host only; True where that is unclear."""
    plain = _PLAIN_HOST.match(url)
    if plain is None:
        return True
    labels = plain[1].lower().split(".")
    return any(".".join(labels[start:]) in domains for start in range(len(labels)))


def domains_with_key(url: str) -> tuple[str, ...]:
    """Return the domains under which a URL with the same key may be."""
    link = identify(url)
    if link.site and link.id:
        return domains_of(link.site)
    address = take_apart(url)
    return (address.host.partition(":")[0].removeprefix("www."),) if address else ()
