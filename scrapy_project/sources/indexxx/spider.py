"""indexxx.com: a model's page with portraits and the covers of sets. Its facts are not known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h

MISSING: Final = ("Page not found", "Model not found", "does not exist")
NAMES: Final = ("h1#model-name", "h1")
SITES_NAME: Final = re.compile(r"indexxx(?:\.com)?", re.IGNORECASE)
PERSON: Final = re.compile(r"/m/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
# Thumbnails name their size, and the full image lies at the same path without it.
IMAGE: Final = re.compile(
    r"(?P<start>/images)(?P<size>/thumbs/\d+x\d+)?(?P<rest>/(?P<folder>models|sets)/"
    r"(?:[^/]+/)*(?P<file>[^/]+)\.(?:jpe?g|png|webp))",
    re.IGNORECASE,
)


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of a model's page. Raises `PageError`."""
    page = h.document(body)
    heading = h.first_heading(page, SITES_NAME, *NAMES)
    name = None if h.heads_say(page, *MISSING) else heading
    found = list(h.own_images(page, url, PERSON))
    return h.profile(
        h.require(name, page, "name", url, *MISSING),
        {},
        images=(*images_in("models", found, url), *images_in("sets", found, url)),
        links=h.known_links(page, url, SITES_NAME),
    )


def images_in(folder: str, found: list[str], url: str) -> Iterator[h.Image]:
    """At full size; the thumbnail where that is gone. Portraits are called like the page, with a
    number: others are of other models."""
    own = re.compile(rf"{re.escape(h.page_id(PERSON, url) or '')}(?:-\d+)?", re.IGNORECASE)
    for address in found:
        match = IMAGE.fullmatch(h.path_of(address))
        if match is None or match["folder"].casefold() != folder:
            continue
        if folder == "sets" or own.fullmatch(unquote(match["file"])):
            full = h.with_path(address, match["start"] + match["rest"])
            yield h.Image(url=full, fallbacks=(address,) if match["size"] else ())


class IndexxxSpider(ProfileSpider):
    name = "indexxx"
    parse_page = staticmethod(parse_page)
