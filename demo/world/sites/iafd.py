"""Look-alike of iafd.com: `/person.rme/` in both forms of address, and headshots."""

from __future__ import annotations

import re
from urllib.parse import unquote

from demo.world import phrases
from demo.world.people import identifier
from demo.world.site import Appearance, PageReply, ShotReply, Site

PAGE = re.compile(
    r"/person\.rme/(?:perfid=(?P<slug>[^/?]+)(?:/gender=[a-z])?/[^/?]+|id=(?P<uuid>[0-9a-f-]{36}))"
    r"/?(?:\?.*)?"
)
SHOT = re.compile(r"/graphics/headshots/(?P<slug>.+)-(?P<number>\d+)\.jpg")


class Iafd(Site):
    key = "iafd"

    def page(self, path: str) -> PageReply | None:
        """Return the page of a person, by uuid or by slug; status 200 also where there is none."""
        match = PAGE.fullmatch(unquote(path))
        if match is None:
            return None
        shown = self._by_uuid(match["uuid"]) if match["uuid"] else None
        shown = shown or self.appearances.get(match["slug"] or "")
        uuid = identifier("iafd", shown.slug) if shown else None
        page = self.render("iafd.html.j2", shown=shown, uuid=uuid, say=phrases)
        return PageReply(200, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a headshot."""
        return phrases.numbered(SHOT, path, self.appearances)

    def _by_uuid(self, uuid: str) -> Appearance | None:
        slugs = (s for s in self.appearances if identifier("iafd", s) == uuid)
        return next((self.appearances[slug] for slug in slugs), None)
