"""URL identity: which site an external link leads to, whom it names there, and its one spelling."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache

from trainer.config.sources import shipped_sources
from trainer.identity.addresses import take_apart
from trainer.identity.site_table import SiteTable, site_table


@dataclass(frozen=True)
class SiteLink:
    """`site` and `id` are None for a site that is not in the table, and for a page of a known site
    that names nobody; `url` then stays as given.

    `strong`: the link names exactly one person (a profile, a catalogue entry), so that two records
    with the same one are the same person unless something contradicts.
    """

    site: str | None
    id: str | None
    url: str
    strong: bool = False
    path: str | None = None  # reference sites: the page's path below the source's base_url
    # Other ids that earlier versions gave to links of the same page; something may be kept by them.
    formerly: tuple[str, ...] = field(default=(), compare=False)


def identify(url: str) -> SiteLink:
    """The identity of an external link. Never raises: an unknown or broken URL is kept as it is."""
    return identify_in(_table(), url)


def identify_in(table: SiteTable, url: str) -> SiteLink:
    """`identify` by another table than the shipped one."""
    address = take_apart(url)
    named = table.find(address) if address else None
    if named is None:
        return SiteLink(None, None, url)
    site, found = named
    strong = table.sites[site].strong
    return SiteLink(site, found.id, found.url, strong, found.path, found.formerly)


def domains_of(site: str) -> tuple[str, ...]:
    """The domains under which links to a known site are written."""
    return _table().domains_of(site)


def catalogues() -> frozenset[str]:
    """Sites on which a person has one entry: two ids there are two people."""
    return _table().of_kind("catalogue")


@cache
def _table() -> SiteTable:
    return site_table(shipped_sources())
