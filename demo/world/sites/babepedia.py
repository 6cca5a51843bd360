"""Look-alike of babepedia.com: `/babe/<Name_With_Underscores>` and `/pics/`."""

from __future__ import annotations

import re
from urllib.parse import unquote

from demo.world import phrases
from demo.world.site import PageReply, ShotReply, Site

PAGE = re.compile(r"/babe/(?P<slug>[^/?]+)/?(?:\?.*)?")
FULL = re.compile(r"/pics/(?P<slug>.+)-(?P<number>\d+)\.jpg")
THUMB = re.compile(r"/pics/(?P<slug>.+)-(?P<number>\d+)_thumb3\.jpg")
THUMB_WIDTH = 200
TILES = 2  # of other people on a page


class Babepedia(Site):
    key = "babepedia"

    def page(self, path: str) -> PageReply | None:
        """Return the page at `/babe/<slug>`; an unknown name gets people with similar names, status
        200."""
        match = PAGE.fullmatch(unquote(path))
        if match is None:
            return None
        slug = match["slug"]
        others = [other for other in self.appearances.values() if other.slug != slug][:TILES]
        # The site answers 200 where nobody is, with people who have a similar name.
        page = self.render(
            "babepedia.html.j2",
            shown=self.appearances.get(slug),
            query=slug.replace("_", " "),
            others=others,
            say=phrases,
        )
        return PageReply(200, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a picture, or its thumbnail."""
        return phrases.numbered(THUMB, path, self.appearances, THUMB_WIDTH) or phrases.numbered(
            FULL, path, self.appearances
        )
