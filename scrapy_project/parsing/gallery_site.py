"""Sites whose performers' pages show one image per gallery: what their spiders share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from parsel import Selector

from scrapy_project.parsing import helpers as h


@dataclass(frozen=True)
class GallerySite:
    """What differs between two of them. Patterns are matched against paths and headings."""

    missing: tuple[str, ...]  # what the site says where nobody is
    names: tuple[str, ...]  # CSS queries, best first
    name_ends: re.Pattern[str]  # what a heading says behind the name
    sites_name: re.Pattern[str]
    person: re.Pattern[str]  # path of a performer's page, with the group `id`
    shown: tuple[str, ...]  # CSS queries of what only performers' pages have

    def name_of(self, page: Selector) -> str | None:
        """The person's name in the heading."""
        heading = h.first_heading(page, self.sites_name, *self.names)
        return self.name_ends.sub("", heading) if heading else None

    def own_id(self, url: str) -> str | None:
        """The id in the address of a performer's page."""
        return h.page_id(self.person, url)

    def profile(
        self,
        page: Selector,
        url: str,
        name: str | None,
        texts: Mapping[str, str],
        images: Iterable[h.Image],
        aliases: Iterable[str],
        is_known: bool = False,
    ) -> h.Profile:
        """The profile of a performer's page. A page that shows nothing of `shown`, isn't called
        like its address and isn't known (`is_known`) by anything else has moved.

        Raises `PageError`.
        """
        is_there = not h.heads_say(page, *self.missing)
        name = h.require(name if is_there else None, page, "name", url, *self.missing)
        is_known = (
            is_known
            or bool(h.elements(page, *self.shown))
            or h.is_named_like_page(name, self.own_id(url))
        )
        h.require(is_known, page, "facts", url, *self.missing)
        links = h.known_links(page, url, self.sites_name)
        return h.profile(name, texts, images=images, aliases=aliases, links=links)

    def leads_to_another(self, element: Any, url: str) -> bool:
        """Does the element (of lxml) lie in a link to another performer's page?"""
        return h.leads_to_another(element, url, self.person, self.own_id(url))


def matching_images(
    roots: Iterable[Any], url: str, pattern: re.Pattern[str]
) -> Iterator[tuple[str, re.Match[str]]]:
    """Address and match of its path, of every <img> at or below the elements (of lxml)."""
    for root in roots:
        for image in root.iter("img"):
            for address in h.image_addresses(image, url):
                if match := pattern.fullmatch(h.path_of(address)):
                    yield address, match
