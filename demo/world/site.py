"""What every reference site's look-alike shares: who is on it, pages from a template, pictures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from demo.world.people import Person

TEMPLATES: Final = Path(__file__).with_name("sites")
_JINJA: Final = Environment(
    loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined
)


@dataclass(frozen=True)
class Appearance:
    """A person on one site. `slug` is the site's stable id of the person (a number for some)."""

    person: Person
    slug: str
    name: str  # as this site spells it; may be one of the person's aliases
    images: tuple[str, ...]  # keys of demo.shots.world_keys(), in the page's order


@dataclass(frozen=True)
class PageReply:
    """A page's status and HTML. The server adds ETag and Last-Modified and answers 304."""

    status: int
    html: str


@dataclass(frozen=True)
class ShotReply:
    """The picture behind an address: `width` pixels at most, None for the full size."""

    key: str
    width: int | None = None


class Site:
    """One site's look-alike. Subclasses set `key` and answer paths (with query, without host).

    Pages live in `demo/world/sites/<key>.py` beside their template `<key>.html.j2`; they have the
    structure that the site's own pages are known to have, and no text of theirs.
    """

    key: ClassVar[str]
    robots: ClassVar[str] = "User-agent: *\nDisallow: /private/\n"

    def __init__(self, appearances: Mapping[str, Appearance]) -> None:
        """`appearances` by slug, in a fixed order."""
        self.appearances = appearances

    def page(self, path: str) -> PageReply | None:
        """The page at `path`, the site's own "nobody here" page included; None: no such page."""
        raise NotImplementedError

    def image(self, path: str) -> ShotReply | None:
        """The picture at `path`; None where it is none of the site's (or was taken away)."""
        raise NotImplementedError

    def challenge(self) -> str:
        """The page that a robot check would show instead."""
        return _JINJA.from_string(_CHALLENGE).render()

    def render(self, template: str, **values: Any) -> str:
        """Return a template of `demo/world/sites` filled with `values`; raises for names that are
        missing."""
        return _JINJA.get_template(template).render(**values)


_CHALLENGE: Final = """<!doctype html><html><head><title>Just a moment...</title></head><body>
<div id="challenge-form">Checking that you are no robot.</div></body></html>"""
