"""What a person can do about an error of a stage, by its kind."""

from __future__ import annotations

_LATER = "run again later: it is tried anew in every run"
_LAYOUT = "look at the page: where its layout has moved, mend the source's spider"
_IMAGE = "nothing to do: this picture is left out; look at it where many of one source are"

BY_KIND = {
    "address_refused": "look at the link: its host is not public",
    "bad_address": "look at the record at its source: the address is not one",
    "bad_redirect": "look at the page in a browser: it leads nowhere",
    "blocked": "wait, or lower requests_per_minute in sources.yaml",
    "bad_url": "look at the record at its source: the address is not one",
    "broken_answer": _LATER,
    "challenge": "give the source a fetcher (docs/fetchers.md), or switch it off in sources.yaml",
    "charset": "look at the page: it is not in the encoding that it declares",
    "duplicate": _IMAGE,
    "empty": _LATER,
    "encoding": _LATER,
    "excluded": "nothing to do: an exclusion keeps it out",
    "failed": _LATER,
    "field_invalid": _LAYOUT,
    "field_missing": _LAYOUT,
    "forbidden": "leave the source off: its robots.txt does not allow this page",
    "foreign_host": "add the host to the source's image_hosts in sources.yaml, if it is the site's",
    "gallery": _LATER,
    "garbage": "look at base_url in sources.yaml: what answers there is no API",
    "graphql": "update the trainer: the server knows another schema",
    "api": "update the trainer: the server knows another API",
    "held": "wait: the host asked for a pause",
    "html": "look at base_url in sources.yaml: what answers there is a web page",
    "html_instead_of_picture": "look at the address in a browser: it shows no picture",
    "image_changed": "run again: the file was deleted, and the picture is fetched anew",
    "image_missing": "run again: the picture is fetched anew",
    "missing_page": "nothing to do: the site has no such page any more",
    "network": _LATER,
    "no_report": "look at the crawl's log, and run again",
    "other_kinds": "look at the examples: each names its own kind",
    "stopped": "start `trainer build` with the same parameters, or clear the run in Airflow",
    "parser": "look at the log: the source's spider fails on this page",
    "redirects": "look at the page in a browser: it leads in a circle",
    "robots": "leave the source off: its robots.txt does not allow this page",
    "robots_unreachable": "run again later: nothing is asked while the robots.txt can't be read",
    "step_failed": "mend what the message names, and run again",
    "unauthorized": "check the source's API key",
    "unconfirmed": "look at the page: `trainer reviews` lists it",
    "unknown_field": "update the trainer: the source has a new field",
    "too_large": _IMAGE,
    "unreadable": _LAYOUT,
    "wall": "look at the page in a browser: an age check or a login may stand before it",
}
DEFAULT = "look at the run's log"


def advice(kind: str) -> str:
    """What to do next about an error of `kind`; `DEFAULT` for one that is not known."""
    if kind.startswith("picture_"):
        return BY_KIND.get(kind.removeprefix("picture_")) or _http(kind[8:]) or _IMAGE
    return BY_KIND.get(kind) or _http(kind) or DEFAULT


def _http(kind: str) -> str | None:
    status = kind.removeprefix("http_")
    if not status.isdecimal():
        return None
    if status in ("404", "410"):
        return BY_KIND["missing_page"]
    if status in ("401", "403"):
        return "check the source's API key, or whether the site refuses robots"
    if status == "429":
        return BY_KIND["blocked"]
    return _LATER
