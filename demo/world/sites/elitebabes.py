"""elitebabes.com's look-alike: facts, and one picture per gallery in the widths of a srcset."""

from __future__ import annotations

from demo.world import phrases
from demo.world.site import PageReply, ShotReply, Site
from demo.world.site_parts import country_name, others, outside_links, parts_of, stem

WIDTHS = {1200: None, 800: 800, 400: 400}  # as the page names them, and what is sent


class Elitebabes(Site):
    key = "elitebabes"

    def page(self, path: str) -> PageReply | None:
        """Return the page at `/model/<slug>`; 404 for an unknown slug."""
        parts = parts_of(path)
        if len(parts) != 2 or parts[0] != "model":
            return None
        found = self.appearances.get(parts[1])
        if found is None:
            return PageReply(404, self.render("elitebabes.html.j2", who=None))
        page = self.render(
            "elitebabes.html.j2",
            who=found,
            birthplace=country_name(found.person.country),
            hair=phrases.words(found.person.hair_color),
            images=[{width: _path(width, key) for width in WIDTHS} for key in found.images],
            links=outside_links(found, self.key),
            others=[(o, _path(1200, o.images[0])) for o in others(self.appearances, found.slug)],
        )
        return PageReply(200, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a picture in one of the widths of a srcset."""
        wanted = path.partition("?")[0]
        for who in self.appearances.values():
            for key in who.images:
                for width, sent in WIDTHS.items():
                    if wanted == _path(width, key):
                        return ShotReply(key, sent)
        return None


def _path(width: int, key: str) -> str:
    return f"/content/25/{stem(key)}_masonry_{width}.jpg"
