"""What a page says of itself for machines: the objects of its JSON-LD."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

from parsel import Selector

from scrapy_project.parsing.html import MAX_ELEMENTS, elements

SCRIPTS: Final = "script[type='application/ld+json']"
MAX_DEPTH: Final = 8  # of objects in each other; real pages have three


def objects(page: Selector, kind: str) -> list[dict[str, Any]]:
    """The objects of type `kind`, in the page's order, those within others included. Text that is
    no JSON holds none."""
    found = (
        item for script in elements(page, SCRIPTS) for item in _all(_read(script.root.text), 0)
    )
    return [item for item in islice(found, MAX_ELEMENTS) if kind in _kinds(item)]


def _read(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None


def _all(value: Any, depth: int) -> Iterator[dict[str, Any]]:
    if depth > MAX_DEPTH:
        return
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    for part in value if isinstance(value, list) else ():
        yield from _all(part, depth + 1)


def _kinds(item: dict[str, Any]) -> list[Any]:
    kind = item.get("@type")
    return kind if isinstance(kind, list) else [kind]
