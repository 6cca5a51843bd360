"""URL identity: which site an external link leads to, whom it names there, and its one spelling."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SiteLink:
    """`site` and `id` are None for a site that is not in the table; `url` then stays as given.

    `strong`: the link names exactly one person (a profile, a catalogue entry), so that two records
    with the same one are the same person unless something contradicts.
    """

    site: str | None
    id: str | None
    url: str
    strong: bool = False
    path: str | None = None  # reference sites: the page's path below the source's base_url


def identify(url: str) -> SiteLink:
    """The identity of an external link. Never raises: an unknown or broken URL is kept as it is."""
    raise NotImplementedError
