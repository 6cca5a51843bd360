"""pornpics.com's look-alike: a card with a headshot, and one picture per gallery in two sizes."""

from __future__ import annotations

from demo.world.site import Appearance, PageReply, ShotReply, Site
from demo.world.site_parts import others, outside_links, parts_of, stem

SMALL = 460


class Pornpics(Site):
    key = "pornpics"

    def page(self, path: str) -> PageReply | None:
        """Return the page at `/pornstars/<slug>`; 404 for an unknown slug."""
        parts = parts_of(path)
        if len(parts) != 2 or parts[0] != "pornstars":
            return None
        found = self.appearances.get(parts[1])
        if found is None:
            return PageReply(404, self.render("pornpics.html.j2", who=None))
        page = self.render(
            "pornpics.html.j2",
            who=found,
            ld={"@type": "Person", "name": found.name, "image": _headshot(found)},
            headshot=_headshot(found),
            gallery=[_gallery(SMALL, key) for key in found.images[1:]],
            links=outside_links(found, self.key),
            others=[(o, _headshot(o)) for o in others(self.appearances, found.slug)],
        )
        return PageReply(200, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a headshot, or a gallery's picture in one of its two sizes."""
        wanted = path.partition("?")[0]
        for who in self.appearances.values():
            if wanted == _headshot(who):
                return ShotReply(who.images[0])
            for key in who.images[1:]:
                if wanted == _gallery(1280, key):
                    return ShotReply(key)
                if wanted == _gallery(SMALL, key):
                    return ShotReply(key, SMALL)
        return None


def _headshot(who: Appearance) -> str | None:
    """Called like the page, with underscores for its hyphens."""
    file = who.slug.replace("-", "_")
    return f"/models/{file[0]}/{file}.jpg" if who.images else None


def _gallery(size: int, key: str) -> str:
    return f"/{size}/7/{stem(key)}/{stem(key)}_001.jpg"
