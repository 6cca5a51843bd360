"""What a site's visitors wrote on a page: nobody's links, and nobody's pictures."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree  # type: ignore[import-untyped]
from parsel import Selector

_COMMENTS = re.compile(
    r"(?:.*[-_])?(?:comments?|comment-?list|commentlist|guest-?book|shout-?box|disqus(?:_thread)?"
    r"|user-?reviews?)(?:[-_].*)?"
    r"|https?://schema\.org/(?:User)?Comments?",
    re.IGNORECASE,
)
# Said of a page or an article about its comments, which lie elsewhere.
_NO_COMMENTS = re.compile(
    r"(?:no|has|with|without)[-_]comments?|comments?[-_](?:open|closed|off|on|count|link)",
    re.IGNORECASE,
)
_WHOLE = ("html", "body", "main")


def by_visitors(selector: Selector) -> frozenset[Any]:
    """The elements (of lxml) of the page that its visitors wrote: in comment sections, and links
    with rel="ugc"."""
    found, sections = set[Any](), list[Any]()
    root = selector.root.getroottree().getroot()
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            if sections and sections[-1] is element:
                sections.pop()
            continue
        if element.tag not in _WHOLE and _is_comment_section(element):
            sections.append(element)
        if sections or "ugc" in (element.get("rel") or "").casefold().split():
            found.add(element)
    return frozenset(found)


def _is_comment_section(element: Any) -> bool:
    marks = " ".join(filter(None, map(element.get, ("id", "class", "itemprop", "itemtype"))))
    return any(
        _COMMENTS.fullmatch(mark) and not _NO_COMMENTS.fullmatch(mark) for mark in marks.split()
    )
