"""Whose page it is: the person's name, and the id that the site has for her in its addresses."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import Any
from urllib.parse import unquote, urlsplit

from parsel import Selector

from scrapy_project.parsing.html import element_text
from scrapy_project.parsing.labels import visible_lines
from scrapy_project.parsing.urls import MAX_ADDRESS, absolute


def page_id(person: re.Pattern[str], url: str) -> str | None:
    """The group `id` of `person`, a pattern of the paths of performers' pages, in one spelling;
    None for other paths."""
    match = person.match(unquote(urlsplit(url).path))
    return match["id"].casefold() if match else None


def letters(text: str) -> str:
    """Letters and digits only, in lower case and without accents."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", text)).casefold()


def is_named_like_page(name: str, own_id: str | None) -> bool:
    """Is the page's id made of the name, or of the name and a number (of a namesake)?"""
    without_number = re.sub(r"[-_]\d+$", "", own_id or "")
    return without_number != "" and letters(name) in (
        letters(without_number),
        letters(own_id or ""),
    )


def first_heading(page: Selector, sites_name: re.Pattern[str], *queries: str) -> str | None:
    """The first heading, query by query, with a text that is not the site's own name."""
    for query in queries:
        for element in islice(page.css(query), 20):
            text = element_text(element)
            if text is not None and not sites_name.fullmatch(text):
                return text
    return None


def says_missing(page: Selector, words: re.Pattern[str], shown: bool) -> bool:
    """Does the page say in the site's own words that nobody is there? The title and the first
    heading are believed; any other text only where nothing of a person is `shown`."""
    heads = [*islice(page.css("title"), 1), *islice(page.css("h1"), 2)]
    if any(words.search(element_text(head) or "") for head in heads):
        return True
    return not shown and any(words.search(line) for line in visible_lines(page))


def leads_to_another(element: Any, url: str, person: re.Pattern[str], own_id: str | None) -> bool:
    """Does the element (of lxml) lie in a link to the page of another performer than `own_id`?"""
    anchor = element if element.tag == "a" else next(element.iterancestors("a"), None)
    if anchor is None:
        return False
    address = absolute(url, (anchor.get("href") or "")[:MAX_ADDRESS])
    found = page_id(person, address) if address else None
    return found is not None and found != own_id
