"""Look-alike of thenude.com: `/<Name>_<number>.htm` and covers with the name in their address."""

from __future__ import annotations

import re
from urllib.parse import unquote

from demo.world import phrases
from demo.world.site import PageReply, ShotReply, Site

PAGE = re.compile(r"/[^/?]+_(?P<slug>\d+)\.htm(?:\?.*)?")
FULL = re.compile(r"/admin/covers/demo/(?P<slug>\d+)/[^/]+-(?P<number>\d+)\.jpg")
HEAD = re.compile(r"/admin/covers/demo/(?P<slug>\d+)/medheads/[^/]+-(?P<number>\d+)\.jpg")
HEAD_WIDTH = 266


class Thenude(Site):
    """Slugs are the site's numbers."""

    key = "thenude"

    def page(self, path: str) -> PageReply | None:
        match = PAGE.fullmatch(unquote(path))
        if match is None:
            return None
        shown = self.appearances.get(match["slug"])
        name = re.sub(r"[\s/]+", "-", shown.name) if shown else ""
        page = self.render("thenude.html.j2", shown=shown, say=phrases, name=name)
        return PageReply(200 if shown else 404, page)

    def picture(self, path: str) -> ShotReply | None:
        return phrases.numbered(HEAD, path, self.appearances, HEAD_WIDTH) or phrases.numbered(
            FULL, path, self.appearances
        )
