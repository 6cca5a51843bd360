"""Switches for what goes wrong with real servers. All off: a well-behaved site."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

# What is not a picture: a box's GraphQL endpoint ("graphql"), a site's or an API's "pages". Either
# word fits any site.
Where = Literal["graphql", "pages", "images", "all"]
TroubleKind = Literal[
    "server_error",  # 500 with a plain text body
    "too_many",  # 429; value is the Retry-After header, "date:N" an HTTP date N seconds ahead
    "garbage",  # 200 and bytes that are neither JSON nor a picture
    "html",  # 200 and a challenge page
    "challenge",  # 403 and a challenge page
    "empty",  # 200 and zero bytes; a list of a box or an API: no rows, with the count
    "graphql_error",  # 200 and a GraphQL `errors` answer
    "forbidden",  # 403
    "slow",  # answered right, but after `value` seconds
    "reset",  # the connection is reset without an answer
]
ImageTrouble = Literal[
    "html",  # a web page with status 200 and content type text/html
    "disguised",  # a web page that says it is image/jpeg
    "truncated",  # a picture cut short, with the content length of what is sent
    "cut_off",  # the connection ends before Content-Length bytes
    "empty",  # zero bytes
    "bomb",  # a small PNG of 100 megapixels
    "huge",  # over 64 MiB of bytes
    "missing",  # 404
    "gone",  # 410
    "moved",  # 302 to an address in the link-local range
]


@dataclass(frozen=True)
class Trouble:
    """One kind of failure: hits every `every`-th request to `where`, at most `times` times."""

    kind: TroubleKind
    every: int = 1
    times: int | None = None
    where: Where = "pages"
    value: str = ""

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError("every counts requests: 1 is each of them")


@dataclass(frozen=True)
class Faults:
    """What goes wrong. `images` maps a picture key (`P001/happy`) or image id to its trouble."""

    reject_key: bool = False
    troubles: tuple[Trouble, ...] = ()
    images: Mapping[str, ImageTrouble] = field(default_factory=dict)
    count_offset: int = 0  # added to `count`: the server promises more or fewer than it lists
    # This many pages after the first start one row late, as when a row moves while one reads.
    unstable_pages: int = 0
    moved_layout: bool = False  # HTML sites: pages without the element that has the name
    forbid_robots: bool = False  # robots.txt disallows everything to everybody


class Counter:
    """Which trouble the next request meets. Not thread-safe: the server holds a lock."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults
        self._seen = [0] * len(faults.troubles)
        self._hit = [0] * len(faults.troubles)
        self._skipped = 0

    def next_trouble(self, where: Where) -> Trouble | None:
        """Count a request to `where`; return the trouble that hits it, if any."""
        met = None
        for index, trouble in enumerate(self.faults.troubles):
            if _plain(trouble.where) not in (_plain(where), "all"):
                continue
            self._seen[index] += 1
            spent = trouble.times is not None and self._hit[index] >= trouble.times
            if met is None and not spent and self._seen[index] % trouble.every == 0:
                self._hit[index] += 1
                met = trouble
        return met

    def skips_a_row(self, page: int) -> bool:
        """Whether this page starts one row late."""
        if page < 2 or self._skipped >= self.faults.unstable_pages:
            return False
        self._skipped += 1
        return True


def _plain(where: Where) -> Where:
    return "pages" if where == "graphql" else where
