"""What became of a visit to a page."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from scrapy_project.parsing.profile import PageError
from scrapy_project.storage.report import without_secrets
from trainer.reasons import reason
from trainer.staging.manifest import StageError
from trainer.staging.rows import PerformerRecord

Read = TypeVar("Read")
logger = logging.getLogger(__name__)

OUTCOMES: Final = (
    *("read", "not_modified", "known", "missing", "missing_by_name", "unconfirmed"),
    *("unreadable", "forbidden", "failed"),
)
# Kinds of errors of pages that something else stood before.
WALLS: Final = frozenset({"wall", "redirects"})


@dataclass
class Outcome:
    """`kind`: one of `OUTCOMES`; forbidden is by robots.txt. No row: the last snapshot's row
    stays, and the page is asked again by the next crawl."""

    kind: str
    row: PerformerRecord | None = None
    errors: list[StageError] = field(default_factory=list)

    @property
    def is_walled(self) -> bool:
        """Was the page behind an age check, a login or the like?"""
        return self.kind == "failed" and any(error.kind in WALLS for error in self.errors)


def read_with(parse: Callable[[bytes, str], Read], body: bytes, url: str) -> Read:
    """What a site's parse function reads. Raises `PageError` and nothing else: a page that it was
    not made for costs that page (kind parser), and the log says where it failed."""
    try:
        return parse(body, url)
    except PageError:
        raise
    except Exception as error:
        logger.exception("%s: the parser failed", without_secrets(url))
        raise PageError(
            "parser", f"the parser failed on this page: {reason(error)}"[:300]
        ) from None
