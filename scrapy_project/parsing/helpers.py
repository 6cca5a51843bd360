"""The dialect of the spiders that read HTML: `from scrapy_project.parsing import helpers as h`.

A spider's `parse_page(body, url)` finds the page's name, labelled facts, links and images and hands
them to `h.profile`; a page that shows none of them is an error, never an empty profile. Everything
here is pure, and linear in the page.

    document(body)                      the page; everything else takes it or one of its elements
    elements, element_text, text_of     what CSS queries find, and its text
    heads_say, says_missing             the site's words for "nobody is there"
    require, empty_page                 the error of a page that does not show a field
    labelled, labelled_lines, text_behind, text_besides    facts by label
    addresses, outside, known_links     absolute addresses, links to other sites
    own_images, image_addresses, Image  images, best version first
    profile                             name, facts, links and images -> a checked `Profile`
"""

from __future__ import annotations

from scrapy_project.parsing.build_profile import profile
from scrapy_project.parsing.countries import code_of, codes
from scrapy_project.parsing.facts import country, gender
from scrapy_project.parsing.html import (
    clean,
    document,
    element_text,
    elements,
    empty_page,
    first_of,
    heads_say,
    lines_of,
    require,
    selector_of,
    split_names,
    text_behind,
    text_besides,
    text_of,
    texts_of,
    tidy,
    title_before,
    without,
)
from scrapy_project.parsing.json_ld import objects as json_ld
from scrapy_project.parsing.known_links import known_links
from scrapy_project.parsing.labelled_facts import LABELS, year_in
from scrapy_project.parsing.labels import label_of, labelled, labelled_lines
from scrapy_project.parsing.page_images import image_addresses, image_values, own_images
from scrapy_project.parsing.person_page import (
    first_heading,
    is_named_like_page,
    leads_to_another,
    letters,
    page_id,
    says_missing,
)
from scrapy_project.parsing.profile import Image, PageError, Profile
from scrapy_project.parsing.urls import (
    MAX_ADDRESS,
    absolute,
    addresses,
    host_of,
    outside,
    path_of,
    with_path,
)
from scrapy_project.parsing.visitors import by_visitors

__all__ = [
    "LABELS",
    "MAX_ADDRESS",
    "Image",
    "PageError",
    "Profile",
    "absolute",
    "addresses",
    "by_visitors",
    "clean",
    "code_of",
    "codes",
    "country",
    "document",
    "element_text",
    "elements",
    "empty_page",
    "first_heading",
    "first_of",
    "gender",
    "heads_say",
    "host_of",
    "image_addresses",
    "image_values",
    "is_named_like_page",
    "json_ld",
    "known_links",
    "label_of",
    "labelled",
    "labelled_lines",
    "leads_to_another",
    "letters",
    "lines_of",
    "outside",
    "own_images",
    "page_id",
    "path_of",
    "profile",
    "require",
    "says_missing",
    "selector_of",
    "split_names",
    "text_behind",
    "text_besides",
    "text_of",
    "texts_of",
    "tidy",
    "title_before",
    "with_path",
    "without",
    "year_in",
]
