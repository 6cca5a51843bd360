"""adultfilmdatabase.com's look-alike: the number at the end of the address is the id."""

from __future__ import annotations

import re

from demo.world.site import Appearance, PageReply, ShotReply, Site
from demo.world.site_parts import (
    country_name,
    date_in_words,
    others,
    outside_links,
    parts_of,
    stem,
)


class Afdb(Site):
    key = "afdb"

    def page(self, path: str) -> PageReply | None:
        """Return the page at `/actor/<slug>`; an unknown number gets an empty page with status
        200."""
        parts = parts_of(path)
        if len(parts) != 2 or parts[0].lower() != "actor":
            return None
        found = self._who(parts[1])
        if found is None:
            return PageReply(200, self.render("afdb.html.j2", who=None))
        page = self.render(
            "afdb.html.j2",
            who=found,
            images=self._paths(found),
            born=date_in_words(found.person.birth_date),
            nationality=country_name(found.person.country),
            links=outside_links(found, self.key),
            others=[(o, self._paths(o)[0]) for o in others(self.appearances, found.slug)],
        )
        return PageReply(200, page)

    def _who(self, part: str) -> Appearance | None:
        """By the number; a world that counts the name as part of the id is understood as well."""
        number = re.search(r"\d+$", part)
        return self.appearances.get(part) or self.appearances.get(number[0] if number else "")

    @staticmethod
    def _paths(who: Appearance) -> list[str]:
        number = who.slug.rpartition("-")[2]
        head, *rest = who.images or (None,)
        if head is None:
            return []
        start = f"/Graphics/PornStars/{stem(head)}_{number}.jpg"
        return [start, *(f"/graphics/galleries/{number}/{stem(key)}.jpg" for key in rest)]

    def image(self, path: str) -> ShotReply | None:
        """Return the picture at one of the people's addresses, without regard to case."""
        wanted = path.partition("?")[0].lower()
        for who in self.appearances.values():
            for key, known in zip(who.images, self._paths(who), strict=True):
                if known.lower() == wanted:
                    return ShotReply(key)
        return None
