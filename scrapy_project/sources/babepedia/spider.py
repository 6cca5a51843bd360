"""babepedia.com: one page a person; for a name that it doesn't have, a page of search results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import urlsplit

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import biography
from scrapy_project.parsing.countries import codes
from scrapy_project.parsing.html import (
    absolute,
    addresses,
    document,
    element_text,
    elements,
    empty_page,
    heads_say,
    split_names,
    text_besides,
    text_of,
    texts_of,
    tidy,
)
from scrapy_project.parsing.profile import Profile, Shot

# Both come with status 200, the first one with pictures of other people.
MISSING: Final = ("Search results for", *(f"wasn{a}t found in our database" for a in "'\u2019"))
NAMES: Final = ("h1#babename", "#bioarea h1")
TITLE: Final = re.compile(r"(?P<name>.+?) - Free (?:nude )?pics\b.*\bBabepedia", re.IGNORECASE)
# Parts of a person's page, some of today's and some of before July 2025.
PARTS: Final = ":is(#personal-info-block, #profbox2, #profimg, #name-block, #bioarea, #biolist)"
LABELS: Final = (
    "#personal-info-block .info-item span.label",
    "#bioarea li span.label",
    "#biolist li span.label",
)
FLAGS: Final = "span.fi"
FLAG: Final = re.compile(r"\bfi-(?P<code>[a-z]{2})(?:-[a-z]+)?(?!\S)", re.ASCII)
BRACKETS: Final = str.maketrans("()", ",,")  # "(Czech) (German)" is a list
ALIASES: Final = ":is(#aka, #aliasinfo) .aliasname"
ALIAS_LINES: Final = ("#aka", "#bioarea h2")
ALIAS_LABEL: Final = re.compile(r"(?:also known as|aka)\b:?", re.IGNORECASE)
SEPARATORS: Final = r"\s[-\u2013/]\s|[,;]"  # a hyphen within a name parts nothing
LINKS: Final = "#socialicons a::attr(href)"
ONLYFANS: Final = re.compile(r"/onlyfans/(?P<account>[^/]+)/?", re.IGNORECASE)
PICTURES: Final = ":is(#profbox2, #profimg, #profselect) a.img"
OF_OTHERS: Final = frozenset({"thumbshot", "useruploads2"})  # also what visitors uploaded
PICTURE: Final = re.compile(
    r"/pics/(?P<file>[^/]+?)(?P<thumb>_thumb\d*)?(?P<end>\.(?:jpe?g|png|webp))", re.IGNORECASE
)


def parse_page(body: bytes, url: str) -> Profile:
    page = document(body)
    name = None if heads_say(page, *MISSING) else shown_name(page)
    if name is None:
        raise empty_page(page, "name", url, *MISSING)
    if not elements(page, PARTS):
        raise empty_page(page, "facts", url)
    texts = facts(page)
    return biography.profile(
        name,
        texts,
        shots=pictures(page, url),
        aliases=aliases(page),
        links=links(page, url),
        country=flag(page),
    )


def shown_name(page: Selector) -> str | None:
    """What a person's heading or title says; no other page of the site has either."""
    headings = (text_of(page, query) for query in NAMES)
    title = TITLE.match(text_of(page, "title") or "")
    return next(filter(None, headings), None) or (tidy(title["name"]) if title else None)


def facts(page: Selector) -> dict[str, str]:
    """The text beside each row's label; `Years active: present` says nothing."""
    labels = elements(page, *LABELS)
    rows = (Selector(root=label.root.getparent(), type="html") for label in labels)
    texts = biography.labelled(
        (element_text(label), text_besides(row, label))
        for label, row in zip(labels, rows, strict=True)
    )
    if texts.get("years active", "").casefold().startswith("present"):
        del texts["years active"]
    if "nationality" in texts:
        texts["nationality"] = texts["nationality"].translate(BRACKETS).strip(" ,")
    return texts


def flag(page: Selector) -> str | None:
    """The first country that a flag beside the nationality stands for (`fi-cz`, `fi-gb-sct`)."""
    for label in elements(page, *LABELS):
        if biography.label_of(element_text(label)) != "nationality":
            continue
        row = Selector(root=label.root.getparent(), type="html")
        marks = (FLAG.search(span.root.get("class") or "") for span in elements(row, FLAGS))
        return next((c for m in marks if m and (c := m["code"].upper()) in codes()), None)
    return None


def aliases(page: Selector) -> list[str]:
    """One element each, or one line with " - " or " / " between them; each once."""
    listed = [element_text(element) for element in elements(page, ALIASES)]
    for line in [] if listed else elements(page, *ALIAS_LINES):
        text = " ".join(" ".join(texts_of(line)).split())  # as long as it is: it ends in a name
        label = ALIAS_LABEL.match(text)
        if label or line.root.get("id") == "aka":
            listed += split_names(text[label.end() if label else 0 :], SEPARATORS)
    return list({name.casefold(): name for name in listed if name}.values())


def links(page: Selector, url: str) -> tuple[str, ...]:
    """Links to other sites; `/onlyfans/x` of the site's own leads there."""
    found = []
    for address in addresses(page, url, LINKS):
        parsed = urlsplit(address)
        if parsed.netloc.removeprefix("www.") != urlsplit(url).netloc.removeprefix("www."):
            found.append(address)
        elif match := ONLYFANS.fullmatch(parsed.path):
            found.append(f"https://onlyfans.com/{match['account']}")
    return tuple(found)


def pictures(page: Selector, url: str) -> tuple[Shot, ...]:
    """Full sizes; the thumbnail that stands on the page is the way back."""
    found: dict[str, list[str]] = {}
    for address in own_addresses(page, url):
        path = urlsplit(address).path
        match = PICTURE.fullmatch(path)
        if match is None:
            continue
        full = address.replace(path, f"/pics/{match['file']}{match['end']}")
        thumbs = found.setdefault(full, [])
        if match["thumb"] and address not in thumbs:
            thumbs.append(address)
    return tuple(Shot(url=full, fallbacks=tuple(thumbs)) for full, thumbs in found.items())


def own_addresses(page: Selector, url: str) -> Iterator[str]:
    """What the pictures of the person's own box link to and show."""
    for link in elements(page, PICTURES):
        if any(OF_OTHERS & classes(element) for element in link.root.iterancestors()):
            continue
        shown = (img.get(name) for img in link.root.iter("img") for name in ("src", "data-src"))
        for value in (link.root.get("href"), *shown):
            address = absolute(url, value or "")
            if address is not None:
                yield address


def classes(element: Any) -> set[str]:
    return set((element.get("class") or "").split())


class BabepediaSpider(ProfileSpider):
    name = "babepedia"
    parse_page = staticmethod(parse_page)
