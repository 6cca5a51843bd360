"""Labelled facts of a page ("Born: March 4, 1985") as label -> text, however they are marked up."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector

from scrapy_project.parsing.html import clean, tidy

MAX_LINES = 5_000
MAX_LINE = 100_000  # characters: lists of aliases are long
MAX_VALUE = 2_000
_INVISIBLE = frozenset({"script", "style", "head", "template"})
_INLINE = re.compile(
    "a|abbr|b|bdi|bdo|big|cite|code|data|em|font|i|img|ins|label|mark|nobr|q|s|small|span|strong"
    "|sub|sup|time|tt|u|var|wbr"
)
# Any other label ends a value too.
_NEXT_LABEL = re.compile(r"(?:^|\s)[A-Z][\w()/']*\s?:(?=\s|$)")


def label_of(text: str | None) -> str:
    """`Years Active:` -> `years active`."""
    return (tidy(text) or "").rstrip(": ").casefold()


def labelled(pairs: Iterable[tuple[str | None, str | None]]) -> dict[str, str]:
    """Label -> text, the first text of each label; empty texts are left out."""
    found: dict[str, str] = {}
    for label, text in pairs:
        value = tidy(text)
        if value is not None and label_of(label):
            found.setdefault(label_of(label), value)
    return found


def labelled_lines(element: Selector, labels: Sequence[str]) -> dict[str, str]:
    """Label -> text, for facts that nothing but the text `Label:` marks, as people see them.

    A value ends at the next label; where nothing stands on the label's line, the next line is its
    value. The first value of a label counts; a label without a value is left out.
    """
    mark = re.compile(rf"(?<!\w)({'|'.join(map(re.escape, labels))})\s*:", re.IGNORECASE)
    found: dict[str, str] = {}
    waiting: str | None = None
    for line in visible_lines(element):
        before, *rest = mark.split(line)
        if waiting is not None and (value := _value(before)):
            found.setdefault(waiting, value)
        waiting = None
        for label, raw in zip(rest[::2], rest[1::2], strict=True):
            if value := _value(raw):
                found.setdefault(label.casefold(), value)
            waiting = None if raw.strip() else label.casefold()
    return found


def _value(text: str) -> str | None:
    """None for a word for nothing. Not shortened: a list must not end in half a name."""
    value = _NEXT_LABEL.split(text, maxsplit=1)[0].strip(" \t-|;,·•")
    return value if clean(html.escape(value[:MAX_VALUE])) is not None else None


def visible_lines(element: Selector) -> list[str]:
    """The text below an element as people see it: one line per block (paragraph, cell, `<br>`),
    `MAX_LINES` at most. The tree is walked once, without recursion."""
    found: list[str] = []
    pieces: list[str] = []
    hidden = 0

    def end_line() -> None:
        text = " ".join("".join(pieces)[:MAX_LINE].split())
        pieces.clear()
        if text:
            found.append(text)

    for event, node in etree.iterwalk(element.root, events=("start", "end", "comment", "pi")):
        if len(found) >= MAX_LINES:
            return found
        tag = node.tag if isinstance(node.tag, str) else None
        step = {"start": 1, "end": -1}.get(event, 0)
        hidden += step * (tag in _INVISIBLE)
        if step and tag and not _INLINE.fullmatch(tag):
            end_line()
        text = node.text if event == "start" else node.tail
        pieces.append(text or "" if not hidden else "")
    end_line()
    return found
