"""Look-alike of freeones.com: `/<slug>/photos` and its galleries."""

from __future__ import annotations

import re
from urllib.parse import unquote

from demo.world import phrases
from demo.world.site import PageReply, ShotReply, Site

PAGE = re.compile(r"/(?P<slug>[^/?]+)/photos(?:/set-(?P<set>\d+))?/?(?:\?.*)?")
FULL = re.compile(r"/full/(?P<slug>.+)/(?P<number>\d+)\.jpg")
THUMB = re.compile(r"/thumb/(?P<slug>.+)/(?P<number>\d+)\.jpg")
THUMB_WIDTH = 240
ON_PAGE = 2  # pictures before the galleries
IN_GALLERY = 4


class Freeones(Site):
    key = "freeones"

    def page(self, path: str) -> PageReply | None:
        match = PAGE.fullmatch(unquote(path))
        if match is None:
            return None
        shown = self.appearances.get(match["slug"])
        total = len(shown.pictures) if shown else 0
        sets = -(-max(0, total - ON_PAGE) // IN_GALLERY)
        number = int(match["set"] or 0)
        known = shown is not None and number <= sets
        first = ON_PAGE + (number - 1) * IN_GALLERY if number else 0
        last = min(total, first + (IN_GALLERY if number else ON_PAGE))
        page = self.render(
            "freeones.html.j2",
            shown=shown if known else None,
            say=phrases,
            sets=sets,
            gallery=number,
            numbers=range(first + 1, last + 1),
        )
        return PageReply(200 if known else 404, page)

    def picture(self, path: str) -> ShotReply | None:
        return phrases.numbered(THUMB, path, self.appearances, THUMB_WIDTH) or phrases.numbered(
            FULL, path, self.appearances
        )
