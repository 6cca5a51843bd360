"""javdatabase.com's look-alike: portraits that are called like the page."""

from __future__ import annotations

from demo.world.site import Appearance, PageReply, ShotReply, Site
from demo.world.site_parts import country_name, others, outside_links, parts_of, stem

THUMB = 150


class Javdatabase(Site):
    key = "javdatabase"

    def page(self, path: str) -> PageReply | None:
        parts = parts_of(path)
        if len(parts) != 2 or parts[0] != "idols":
            return None
        found = self.appearances.get(parts[1])
        if found is None:
            return PageReply(404, self.render("javdatabase.html.j2", who=None))
        page = self.render(
            "javdatabase.html.j2",
            who=found,
            portrait=[_path("full", found, key) for key in found.pictures[:1]],
            thumbs=[_path("thumb", found, key) for key in found.pictures[1:]],
            native=[alias for alias in found.person.aliases if not alias.isascii()],
            birthplace=country_name(found.person.country),
            links=outside_links(found, self.key),
            others=[
                (o, _path("thumb", o, o.pictures[0])) for o in others(self.appearances, found.slug)
            ],
        )
        return PageReply(200, page)

    def picture(self, path: str) -> ShotReply | None:
        wanted = path.partition("?")[0]
        for who in self.appearances.values():
            for key in who.pictures:
                if wanted == _path("full", who, key):
                    return ShotReply(key)
                if wanted == _path("thumb", who, key):
                    return ShotReply(key, THUMB)
        return None


def _path(size: str, who: Appearance, key: str) -> str:
    return f"/idolimages/{size}/{who.slug}-{stem(key)}.jpg"
