"""What several look-alikes need: paths taken apart, facts as such sites write them."""

from __future__ import annotations

import calendar
from collections.abc import Mapping
from itertools import islice
from urllib.parse import unquote

from babel import Locale

from demo.world.people import Link
from demo.world.site import Appearance

OTHERS = 2  # people whom a page shows as well, in links to their own pages


def parts_of(path: str) -> list[str]:
    """`/actor/mira-12/?x=1` -> ["actor", "mira-12"]."""
    return [unquote(part) for part in path.partition("?")[0].split("/") if part]


def stem(key: str) -> str:
    """A picture's key as a part of a file's name."""
    return key.replace("/", "-").replace("_", "-").lower()


def others(appearances: Mapping[str, Appearance], slug: str) -> list[Appearance]:
    """Return the first people with pictures beside the one at `slug`, OTHERS at most."""
    return list(islice((a for s, a in appearances.items() if s != slug and a.images), OTHERS))


def outside_links(appearance: Appearance, site: str) -> list[Link]:
    """The person's links but those to this site."""
    return [link for link in appearance.person.links if link.site != site]


def country_name(code: str | None) -> str | None:
    """Return the English name of a country by its ISO code; None without one."""
    return Locale("en").territories[code] if code else None


def date_in_words(fuzzy: str | None) -> str | None:
    """`1985-03-04` -> `March 4, 1985`; `1985-03` -> `March 1985`; `1985` -> `1985`."""
    if fuzzy is None:
        return None
    year, *rest = fuzzy.split("-")
    month = f"{calendar.month_name[int(rest[0])]} " if rest else ""
    day = f"{int(rest[1])}, " if len(rest) == 2 else ""
    return f"{month}{day}{year}"
