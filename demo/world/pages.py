"""A reference site on its port: the look-alike's pages and pictures, with caching and a guard."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final

from lxml import html

from demo.world.api import NO_ROBOTS, NOT_FOUND
from demo.world.faults import Faults
from demo.world.handler import HttpRequest, Reply
from demo.world.images import Gallery, WorldImage
from demo.world.site import PageReply, ShotReply, Site
from demo.world.switches import HTML, Switches, image_reply, instead, seconds

CLEARANCE: Final = "demo_clearance="  # the cookie of somebody who has passed the robot check
WRITTEN: Final = datetime(2026, 11, 1, tzinfo=UTC)
SPREAD: Final = 10_000_000  # seconds before WRITTEN in which the pages were last changed


class PageSite:
    """`guarded`: pages are shown to visitors that have the clearance cookie, a robot check to
    others. `only_small`: picture keys whose full size was taken away."""

    def __init__(
        self,
        site: Site,
        gallery: Gallery,
        faults: Faults,
        guarded: bool = False,
        only_small: Collection[str] = (),
    ) -> None:
        self.site = site.key
        self.pages = site
        self.guarded = guarded
        self.switches = Switches(faults)
        self.base = ""
        self._gallery = gallery
        self._only_small = frozenset(only_small)

    def answer(self, request: HttpRequest) -> Reply:
        """Answer a request for robots.txt, a picture or a page; 405 for other methods than GET and
        HEAD."""
        if request.method not in ("GET", "HEAD"):
            return Reply(405, b"method not allowed\n")
        if request.path == "/robots.txt":
            forbidden = self.switches.faults.forbid_robots
            return Reply(200, NO_ROBOTS if forbidden else self.pages.robots.encode())
        shot = self.pages.image(request.path)
        if shot is not None:
            return self._image(shot, request.headers.get("if-none-match"))
        page = self.pages.page(request.path)
        if page is None and _looks_like_an_image(request.path):
            return image_reply(self.switches, (), None, None)
        return self._page(page, request)

    def key_of(self, path: str) -> str | None:
        """The picture behind a path, in whatever size."""
        shot = self.pages.image(path)
        return shot.key if shot else None

    def _image(self, shot: ShotReply, if_none_match: str | None) -> Reply:
        taken_away = shot.width is None and shot.key in self._only_small
        image = None if taken_away else self._sized(shot)
        return image_reply(self.switches, (shot.key,), image, if_none_match)

    def _sized(self, shot: ShotReply) -> WorldImage:
        if shot.width is None:
            return self._gallery.image(shot.key)
        return self._gallery.small(shot.key, shot.width)

    def _page(self, page: PageReply | None, request: HttpRequest) -> Reply:
        challenge = self.pages.challenge().encode()
        trouble = self.switches.next_trouble("pages")
        reply = instead(trouble, challenge)
        if reply is not None:
            return reply
        if self.guarded and CLEARANCE not in request.headers.get("cookie", ""):
            return Reply(403, challenge, HTML)
        if trouble is not None and trouble.kind == "empty":
            return Reply(200, b"", HTML)
        late = seconds(trouble)
        if page is None:
            return Reply(404, NOT_FOUND.content, late=late)
        text = without_name(page.html) if self.switches.faults.moved_layout else page.html
        content = text.encode()
        headers = _validators(content)
        if page.status == 200 and _is_known(request, headers):
            return Reply(304, headers=headers, late=late)
        return Reply(page.status, content, HTML, headers=headers, late=late)


def without_name(page: str) -> str:
    """The page as after a change of its layout: headings and title, which have the name, are away.

    Their texts go with them; everything else stays as it is.
    """
    tree = html.document_fromstring(page)
    for element in tree.xpath("//h1 | //head/title | //meta[@property='og:title']"):
        element.drop_tree()
    text: str = html.tostring(tree, encoding="unicode", doctype="<!doctype html>")
    return text


def _looks_like_an_image(path: str) -> bool:
    return path.partition("?")[0].lower().endswith((".jpg", ".jpeg", ".png", ".webp"))


def _validators(content: bytes) -> dict[str, str]:
    """ETag and Last-Modified, both of the content: an unchanged page keeps them for good."""
    digest = hashlib.sha256(content).hexdigest()
    changed = WRITTEN - timedelta(seconds=int(digest[:12], 16) % SPREAD)
    return {"ETag": f'"{digest[:32]}"', "Last-Modified": format_datetime(changed, usegmt=True)}


def _is_known(request: HttpRequest, headers: dict[str, str]) -> bool:
    """If-None-Match counts alone where both came; a date has to be the one that was given."""
    match = request.headers.get("if-none-match")
    if match is not None:
        return match == headers["ETag"]
    return request.headers.get("if-modified-since") == headers["Last-Modified"]
