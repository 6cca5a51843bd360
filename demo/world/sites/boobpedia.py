"""Look-alike of boobpedia.com: a MediaWiki's article with infobox and gallery."""

from __future__ import annotations

import re
from urllib.parse import unquote

from demo.world import phrases
from demo.world.site import PageReply, ShotReply, Site

PAGE = re.compile(r"/boobs/(?P<slug>[^/?]+)/?(?:\?.*)?")
FULL = re.compile(r"/wiki/images/d/de/(?P<slug>.+)-(?P<number>\d+)\.jpg")
THUMB = re.compile(
    r"/wiki/images/thumb/d/de/(?P<slug>.+)-(?P<number>\d+)\.jpg/(?P<width>\d+)px-[^/]+"
)


class Boobpedia(Site):
    key = "boobpedia"

    def page(self, path: str) -> PageReply | None:
        """Return a person's article; 404 for an unknown title."""
        match = PAGE.fullmatch(unquote(path))
        if match is None:
            return None
        shown = self.appearances.get(match["slug"])
        page = self.render("boobpedia.html.j2", shown=shown, say=phrases)
        return PageReply(200 if shown else 404, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a picture, or a thumbnail of the width in its address."""
        thumb = THUMB.fullmatch(unquote(path))
        if thumb is not None:
            return phrases.numbered(THUMB, path, self.appearances, int(thumb["width"]))
        return phrases.numbered(FULL, path, self.appearances)
