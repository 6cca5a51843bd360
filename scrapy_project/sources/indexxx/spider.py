"""indexxx.com: a model's page with portraits and the covers of sets. Its facts are not known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote, urlsplit

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import biography
from scrapy_project.parsing.html import document, empty_page, heads_say
from scrapy_project.parsing.profile import Profile, Shot
from scrapy_project.parsing.reference import first_heading, known_links, path_id, pictures

MISSING: Final = ("Page not found", "Model not found", "does not exist")
NAMES: Final = ("h1#model-name", "h1")
SITES_OWN: Final = re.compile(r"indexxx(?:\.com)?", re.IGNORECASE)
PERSON: Final = re.compile(r"/m/(?P<id>[^/]+)(?:/|$)", re.IGNORECASE)
# Thumbnails name their size, and the full picture lies at the same path without it.
PICTURE: Final = re.compile(
    r"(?P<start>/images)(?P<size>/thumbs/\d+x\d+)?(?P<rest>/(?P<what>models|sets)/"
    r"(?:[^/]+/)*(?P<file>[^/]+)\.(?:jpe?g|png|webp))",
    re.IGNORECASE,
)


def parse_page(body: bytes, url: str) -> Profile:
    """A model's page. Raises `PageError`."""
    page = document(body)
    headings = (first_heading(page, query, SITES_OWN) for query in NAMES)
    name = next((text for text in headings if text), None)
    if name is None or heads_say(page, *MISSING):
        raise empty_page(page, "name", url, *MISSING)
    found = list(pictures(page, url, PERSON))
    return biography.profile(
        name,
        {},
        shots=(*shots(found, url, "models"), *shots(found, url, "sets")),
        links=known_links(page, url, SITES_OWN),
    )


def shots(found: list[str], url: str, what: str) -> Iterator[Shot]:
    """At full size; the thumbnail where that is gone. Portraits are called like the page, with a
    number: others are of other models."""
    own = re.compile(rf"{re.escape(path_id(PERSON, url) or '')}(?:-\d+)?", re.IGNORECASE)
    for address in found:
        match = PICTURE.fullmatch(urlsplit(address).path)
        if match is None or match["what"].casefold() != what:
            continue
        if what == "sets" or own.fullmatch(unquote(match["file"])):
            full = urlsplit(address)._replace(path=match["start"] + match["rest"]).geturl()
            yield Shot(url=full, fallbacks=(address,) if match["size"] else ())


class IndexxxSpider(ProfileSpider):
    name = "indexxx"
    parse_page = staticmethod(parse_page)
