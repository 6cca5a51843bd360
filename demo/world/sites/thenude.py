"""Look-alike of thenude.com: `/<Name>_<number>.htm`, a head, and covers named after the person."""

from __future__ import annotations

import re
from urllib.parse import unquote

from demo.world import phrases
from demo.world.site import PageReply, ShotReply, Site

PAGE = re.compile(r"/[^/?]*_(?P<slug>\d+)\.htm(?:\?.*)?")  # the number is enough
HEAD = re.compile(r"/models/[^/]*_(?P<slug>\d+)/medhead\.jpg")
COVER = re.compile(r"/admin/covers/demo/(?P<slug>\d+)/[^/]+-(?P<number>\d+)\.jpg")
SMALL = re.compile(r"/admin/covers/demo/(?P<slug>\d+)/medheads/[^/]+-(?P<number>\d+)\.jpg")
SMALL_WIDTH = 266


class Thenude(Site):
    """Slugs are the site's numbers."""

    key = "thenude"

    def page(self, path: str) -> PageReply | None:
        """Return the page at `/<Name>_<number>.htm`; 404 for an unknown one."""
        match = PAGE.fullmatch(unquote(path))
        if match is None:
            return None
        shown = self.appearances.get(match["slug"])
        plain = re.sub(r"[\s/]+", " ", shown.name) if shown else ""
        name = plain.replace(" ", "-")
        page = self.render("thenude.html.j2", shown=shown, say=phrases, plain=plain, name=name)
        return PageReply(200 if shown else 404, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a head, or a cover in full size or small."""
        head = HEAD.fullmatch(unquote(path))
        shown = self.appearances.get(head["slug"]) if head else None
        if shown and shown.images:
            return ShotReply(shown.images[0])
        return phrases.numbered(SMALL, path, self.appearances, SMALL_WIDTH) or phrases.numbered(
            COVER, path, self.appearances
        )
