"""What a person can do about a check of a crawl that does not hold, by its name."""

from __future__ import annotations

LIMIT = "see why at the source, or set another limit in sources.yaml"
BY_CHECK = {
    "distinct_ids_equal_count": "run again: the list may have changed while it was read",
    "max_performers": LIMIT,
    "min_performers": LIMIT,
    "nobody_left_meanwhile": "run again with full_refresh",
    "full_sweep": "run again: the list may have changed while it was read",
    "pictures_had": "see which pictures failed in run.json, and run again later",
    "requests_per_minute": "leave it: the robots.txt asks for a slower rate than ours",
    "pages_had": "see which pages failed in run.json, and run again later",
    "pages_without_wall": "look at one of the pages in a browser: it may ask for an age or a login",
    "pages_readable": "look at the pages in run.json: where the layout moved, mend the spider",
    "records_readable": "see which fields in run.json: the source's API may have changed",
    "share_of_pages": LIMIT,
    "share_with_image": LIMIT,
    "total_is_no_cap": "look at the source: it may list more than it counts",
}
DEFAULT = "see this crawl's log"


def check_advice(name: str) -> str:
    return BY_CHECK.get(name, DEFAULT)
