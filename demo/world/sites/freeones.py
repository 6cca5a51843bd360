"""Look-alike of freeones.com: `/<slug>/photos`, its galleries, and `/<slug>/bio` with the facts."""

from __future__ import annotations

import re
from urllib.parse import unquote

from demo.world import phrases
from demo.world.site import PageReply, ShotReply, Site

PAGE = re.compile(r"/(?P<slug>[^/?]+)/(?P<kind>photos|bio)(?:/set-(?P<set>\d+))?/?(?:\?.*)?")
# The signature before the size holds for that size alone.
WHOLE = re.compile(r"/photo/[^/]+-all/1440x0/filters:[^/]+/(?P<slug>[^/]+)/(?P<number>\d+)\.jpg")
CUT = re.compile(
    r"/photo/[^/]+-cut/350x350/center/middle/filters:[^/]+/(?P<slug>[^/]+)/(?P<number>\d+)\.jpg"
)
CUT_WIDTH = 350
IN_GALLERY = 4


class Freeones(Site):
    key = "freeones"

    def page(self, path: str) -> PageReply | None:
        """Return a person's facts, list of galleries or one gallery; 404 for what is unknown."""
        match = PAGE.fullmatch(unquote(path))
        if match is None:
            return None
        shown = self.appearances.get(match["slug"])
        total = len(shown.images) if shown else 0
        sets = -(-total // IN_GALLERY)
        number = int(match["set"] or 0)
        known = shown is not None and number <= (sets if match["kind"] == "photos" else 0)
        first = (number - 1) * IN_GALLERY + 1
        page = self.render(
            "freeones.html.j2",
            shown=shown if known else None,
            say=phrases,
            kind=match["kind"],
            sets=sets,
            gallery=number,
            in_gallery=IN_GALLERY,
            numbers=range(first, min(total, first + IN_GALLERY - 1) + 1) if number else (),
        )
        return PageReply(200 if known else 404, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a picture, or its cut version."""
        return phrases.numbered(CUT, path, self.appearances, CUT_WIDTH) or phrases.numbered(
            WHOLE, path, self.appearances
        )
