"""babepedia.com: one page per person; for a name that it doesn't have, a page of search results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from parsel import Selector

from scrapy_project.kinds.html_profile import ProfileSpider
from scrapy_project.parsing import helpers as h

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
IMAGES: Final = ":is(#profbox2, #profimg, #profselect) a.img"
OF_OTHERS: Final = frozenset({"thumbshot", "useruploads2"})  # also what visitors uploaded
IMAGE: Final = re.compile(
    r"/pics/(?P<file>[^/]+?)(?P<thumb>_thumb\d*)?(?P<end>\.(?:jpe?g|png|webp))", re.IGNORECASE
)


def parse_page(body: bytes, url: str) -> h.Profile:
    """Return the profile of a person's page. Raises `PageError`."""
    page = h.document(body)
    name = None if h.heads_say(page, *MISSING) else find_name(page)
    name = h.require(name, page, "name", url, *MISSING)
    h.require(h.elements(page, PARTS), page, "facts", url)
    return h.profile(
        name,
        find_facts(page),
        images=find_images(page, url),
        aliases=find_aliases(page),
        links=find_links(page, url),
        country=country_of_flag(page),
    )


def find_name(page: Selector) -> str | None:
    """What a person's heading or title says; no other page of the site has either."""
    headings = (h.text_of(page, query) for query in NAMES)
    title = TITLE.match(h.text_of(page, "title") or "")
    return h.first_of(headings) or (h.tidy(title["name"]) if title else None)


def find_facts(page: Selector) -> dict[str, str]:
    """The text beside each row's label; `Years active: present` says nothing."""
    labels = h.elements(page, *LABELS)
    rows = (h.selector_of(label.root.getparent()) for label in labels)
    texts = h.labelled(
        (h.element_text(label), h.text_besides(row, label))
        for label, row in zip(labels, rows, strict=True)
    )
    if texts.get("years active", "").casefold().startswith("present"):
        del texts["years active"]
    if "nationality" in texts:
        texts["nationality"] = texts["nationality"].translate(BRACKETS).strip(" ,")
    return texts


def country_of_flag(page: Selector) -> str | None:
    """The first country that a flag beside the nationality stands for (`fi-cz`, `fi-gb-sct`)."""
    for label in h.elements(page, *LABELS):
        if h.label_of(h.element_text(label)) != "nationality":
            continue
        row = h.selector_of(label.root.getparent())
        marks = (FLAG.search(span.root.get("class") or "") for span in h.elements(row, FLAGS))
        return next((c for m in marks if m and (c := m["code"].upper()) in h.codes()), None)
    return None


def find_aliases(page: Selector) -> list[str]:
    """One element each, or one line with " - " or " / " between them; each once."""
    listed = [h.element_text(element) for element in h.elements(page, ALIASES)]
    for line in [] if listed else h.elements(page, *ALIAS_LINES):
        text = " ".join(" ".join(h.texts_of(line)).split())  # as long as it is: it ends in a name
        label = ALIAS_LABEL.match(text)
        if label or line.root.get("id") == "aka":
            listed += h.split_names(text[label.end() if label else 0 :], SEPARATORS)
    return list({name.casefold(): name for name in listed if name}.values())


def find_links(page: Selector, url: str) -> tuple[str, ...]:
    """Links to other sites; `/onlyfans/x` of the site's own leads there."""
    found = []
    for address in h.addresses(page, url, LINKS):
        if h.host_of(address) != h.host_of(url):
            found.append(address)
        elif match := ONLYFANS.fullmatch(h.path_of(address)):
            found.append(f"https://onlyfans.com/{match['account']}")
    return tuple(found)


def find_images(page: Selector, url: str) -> Iterator[h.Image]:
    """Full sizes, with the thumbnail that stands on the page as fallback."""
    for address in image_addresses(page, url):
        path = h.path_of(address)
        if match := IMAGE.fullmatch(path):
            full = address.replace(path, f"/pics/{match['file']}{match['end']}")
            yield h.Image(url=full, fallbacks=(address,) if match["thumb"] else ())


def image_addresses(page: Selector, url: str) -> Iterator[str]:
    """What the images of the person's own box link to and show."""
    for link in h.elements(page, IMAGES):
        if any(OF_OTHERS & classes(element) for element in link.root.iterancestors()):
            continue
        shown = (img.get(name) for img in link.root.iter("img") for name in ("src", "data-src"))
        for value in (link.root.get("href"), *shown):
            address = h.absolute(url, value or "")
            if address is not None:
                yield address


def classes(element: Any) -> set[str]:
    """Of an element of lxml."""
    return set((element.get("class") or "").split())


class BabepediaSpider(ProfileSpider):
    name = "babepedia"
    parse_page = staticmethod(parse_page)
