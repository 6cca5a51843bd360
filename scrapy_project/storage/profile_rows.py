"""Profiles as rows of the PERFORMERS schema."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import tldextract
from scrapy.http import Response

from scrapy_project.parsing.profile import Image, Profile, images_of_somebody
from trainer.config.sources import SourceConfig
from trainer.crawl.confirm import Confirmation
from trainer.identity.links import identify
from trainer.staging.performer_facts import PAGE_FACTS
from trainer.staging.rows import (
    AdvertisedImage,
    PerformerRecord,
    RecordId,
    Target,
    with_facts,
)

_EXTRACT = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)


def profile_row(
    source: SourceConfig,
    target: Target,
    profile: Profile,
    images: Iterable[Image],
    confirmation: Confirmation,
    response: Response,
    moment: str,
) -> PerformerRecord:
    """Return the row of a page that was read.

    Images of a page whose person is in doubt are not asked for, nor are stand-ins, whichever
    page (a gallery) they come from.
    """
    of_somebody = images_of_somebody(images, (profile.name, *profile.aliases))
    shown = () if confirmation.doubt else of_somebody[: source.images_per_page]
    row: PerformerRecord = {
        **_row(source, target, response.url, moment, profile.name),
        "aliases": list(profile.aliases),
        "urls": [{"url": url, "site": identify(url).site} for url in profile.links],
        "images": [row for image in shown for row in _image_rows(image)],
        "etag": header(response, "ETag"),
        "last_modified": header(response, "Last-Modified"),
    }
    facts = {fact: getattr(profile, fact) for fact in PAGE_FACTS}
    return with_owners(with_facts(row, facts), confirmation)


def tombstone(source: SourceConfig, target: Target, url: str, moment: str) -> PerformerRecord:
    """Return the row of a page that is nobody's, kept so that it is not asked again at once."""
    claims = tuple((c["source"], c["source_id"]) for c in target["candidates"])
    row = _row(source, target, url, moment, target["candidates"][0]["name"])
    return with_owners({**row, "deleted": True}, Confirmation(claims))


def with_owners(row: PerformerRecord, confirmation: Confirmation) -> PerformerRecord:
    """Return the row with the records whose performer it describes, and what confirms that."""
    owners: list[RecordId] = [
        {"source": source, "source_id": number} for source, number in confirmation.owners
    ]
    return {**row, "owners": owners, "confirmed_by": confirmation.confirmed_by}


def _row(source: SourceConfig, target: Target, url: str, moment: str, name: str) -> PerformerRecord:
    return {
        "source": source.key,
        "source_id": target["page_id"],
        "name": name,
        "page_url": url,
        "found_by": target["found_by"],
        "merged_ids": [],
        "deleted": False,
        "images": [],
        "fetched_at": moment,
    }


def _image_rows(image: Image) -> Iterable[AdvertisedImage]:
    """Yield the best version, then each one that is asked for only where the one before is gone."""
    yield {"url": image.url, "width": image.width, "height": image.height}
    before = image.url
    for url in image.fallbacks:
        yield {"url": url, "fallback_for": before}
        before = url


def from_allowed_hosts(
    source: SourceConfig, page_url: str, images: Iterable[Image]
) -> tuple[list[Image], list[str]]:
    """Return the images of the page's own site and of `image_hosts`, and the URLs of all others."""
    kept, foreign = [], []
    for image in images:
        urls = [url for url in (image.url, *image.fallbacks) if _allowed(source, page_url, url)]
        foreign += [url for url in (image.url, *image.fallbacks) if url not in urls]
        if urls:
            size = {"width": image.width, "height": image.height} if urls[0] == image.url else {}
            kept.append(Image(url=urls[0], fallbacks=tuple(urls[1:]), **size))
    return kept, foreign


def _allowed(source: SourceConfig, page_url: str, url: str) -> bool:
    host, own = urlsplit(url).hostname or "", urlsplit(page_url).hostname or ""
    return host == own or host in source.image_hosts or same_site(host, own)


def same_site(left: str, right: str) -> bool:
    """Whether two hosts belong to one registrable domain."""
    domains = [_EXTRACT(host).top_domain_under_public_suffix for host in (left, right)]
    return bool(domains[0]) and domains[0] == domains[1]


def header(response: Response, name: str) -> str | None:
    """A header's text, None where the response has none."""
    value = response.headers.get(name)
    return value.decode("latin-1") if value else None
