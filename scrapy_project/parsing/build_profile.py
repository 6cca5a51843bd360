"""A spider's findings into a `Profile`: the one way, with the same checks for every site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from pydantic import ValidationError

from scrapy_project.parsing.labelled_facts import not_understood, read_facts
from scrapy_project.parsing.profile import Fact, Image, PageError, Profile

GARBLED: Final = "\ufffd"  # what a decoder puts where bytes make no character


def profile(
    name: str,
    texts: Mapping[str, str],
    *,
    images: Iterable[Image],
    aliases: Iterable[str] = (),
    links: tuple[str, ...] = (),
    more_pages: tuple[str, ...] = (),
    **known: Any,
) -> Profile:
    """The profile of a page whose labels have these `texts` (of `labelled` or `labelled_lines`).

    `known` are fields that the page states in a way of its own; they win where not None. A text
    or an alias that can't be read goes to `problems`. Each image is kept once.
    Raises `PageError` (field_invalid) for a name that is none, and for a value that can't be one.
    """
    if GARBLED in name or not any(c.isalnum() or ord(c) > 0x2000 for c in name):
        raise PageError("field_invalid", f"{name[:80]!r} is no name", "name")
    stated = {field: value for field, value in known.items() if value is not None}
    values, problems = read_facts(texts, stated)
    readable, garbled = _aliases(aliases, name)
    return _validated(
        name=name,
        aliases=readable,
        images=_once_each(images),
        links=links,
        more_pages=more_pages,
        problems=(*problems, *garbled),
        **(values | stated),
    )


def _aliases(aliases: Iterable[str], name: str) -> tuple[tuple[str, ...], list[Fact]]:
    """The aliases without the name, and a note of each garbled one."""
    others = [alias for alias in aliases if alias.casefold() != name.casefold()]
    readable = tuple(alias for alias in others if GARBLED not in alias)
    return readable, [not_understood("aliases", alias) for alias in others if GARBLED in alias]


def _validated(**values: Any) -> Profile:
    try:
        return Profile(**values)
    except ValidationError as error:
        first = error.errors()[0]
        field = str(first["loc"][0]) if first["loc"] else None
        raise PageError("field_invalid", f"{field}: {first['msg']}", field) from None


def _once_each(images: Iterable[Image]) -> tuple[Image, ...]:
    """By address; fallbacks of all its mentions, without images that are there anyway."""
    fallbacks: dict[str, dict[str, None]] = {}
    for image in images:
        fallbacks.setdefault(image.url, {}).update(dict.fromkeys(image.fallbacks))
    return tuple(
        Image(url=url, fallbacks=tuple(f for f in others if f not in fallbacks))
        for url, others in fallbacks.items()
    )
