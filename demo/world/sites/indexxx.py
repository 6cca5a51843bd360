"""indexxx.com's look-alike: one portrait, and thumbnails of the others."""

from __future__ import annotations

from demo.world.site import Appearance, PageReply, ShotReply, Site
from demo.world.site_parts import others, outside_links, parts_of

THUMB = 85


class Indexxx(Site):
    key = "indexxx"

    def page(self, path: str) -> PageReply | None:
        """Return the page at `/m/<slug>`; 404 for an unknown slug."""
        parts = parts_of(path)
        if len(parts) != 2 or parts[0] != "m":
            return None
        found = self.appearances.get(parts[1])
        if found is None:
            return PageReply(404, self.render("indexxx.html.j2", who=None))
        page = self.render(
            "indexxx.html.j2",
            who=found,
            portrait=[_full(found, n) for n in range(len(found.images[:1]))],
            thumbs=[_thumb(found, n) for n in range(len(found.images))],
            links=outside_links(found, self.key),
            others=[(o, _full(o, 0)) for o in others(self.appearances, found.slug)],
        )
        return PageReply(200, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a portrait in full size, or a thumbnail."""
        wanted = path.partition("?")[0]
        for who in self.appearances.values():
            for number, key in enumerate(who.images):
                if wanted == _full(who, number):
                    return ShotReply(key)
                if wanted == _thumb(who, number):
                    return ShotReply(key, THUMB)
        return None


def _full(who: Appearance, number: int) -> str:
    """Called like the page, with a number."""
    return f"/images/models/{who.slug}-{number + 1}.jpg"


def _thumb(who: Appearance, number: int) -> str:
    return f"/images/thumbs/{THUMB}x{THUMB}/models/{who.slug}-{number + 1}.jpg"
