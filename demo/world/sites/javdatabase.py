"""javdatabase.com's look-alike: facts by label, and one portrait that is called like the page."""

from __future__ import annotations

from demo.world.site import Appearance, PageReply, ShotReply, Site
from demo.world.site_parts import country_name, others, outside_links, parts_of

SIZES = {"full": None, "thumb": 150}
ACCOUNTS = ("twitter", "instagram")  # icons beside the facts


class Javdatabase(Site):
    key = "javdatabase"

    def page(self, path: str) -> PageReply | None:
        """Return the page at `/idols/<slug>`; 404 for an unknown slug."""
        parts = parts_of(path)
        if len(parts) != 2 or parts[0] != "idols":
            return None
        found = self.appearances.get(parts[1])
        if found is None:
            return PageReply(404, self.render("javdatabase.html.j2", who=None))
        page = self.render(
            "javdatabase.html.j2",
            who=found,
            portrait=_path("full", found) if found.images else None,
            native=[alias for alias in found.person.aliases if not alias.isascii()],
            birthplace=country_name(found.person.country),
            accounts=[a for a in outside_links(found, self.key) if a.site in ACCOUNTS],
            others=[(o, _path("thumb", o)) for o in others(self.appearances, found.slug)],
        )
        return PageReply(200, page)

    def image(self, path: str) -> ShotReply | None:
        """Return a person's portrait in one of its sizes."""
        wanted = path.partition("?")[0]
        for who in self.appearances.values():
            for size, sent in SIZES.items():
                if who.images and wanted == _path(size, who):
                    return ShotReply(who.images[0], sent)
        return None


def _path(size: str, who: Appearance) -> str:
    return f"/idolimages/{size}/{who.slug}.webp"
