"""Links in the spellings that people paste. Numbers are ones that no site gives out."""

from __future__ import annotations

import random
from typing import Any, Final

from tests.identity_cases.people import plain

CATALOGUES: Final = ("imdb", "iafd", "tmdb", "wikidata", "adultempire", "indexxx")
JAPANESE: Final = ("minnano_av", "javlibrary", "xslist")
NAME_PAGES: Final = ("babepedia", "boobpedia", "data18", "freeones")  # addressed by the name alone
ACCOUNTS: Final = ("twitter", "instagram", "onlyfans", "fansly", "tiktok", "manyvids", "pornhub")

_SPELLINGS: Final[dict[str, tuple[str, ...]]] = {
    "imdb": (
        "https://www.imdb.com/name/nm{id}/",
        "https://www.imdb.com/name/nm{id}",
        "http://imdb.com/name/nm{id}/?ref_=nv_sr_1",
        "https://m.imdb.com/name/nm{id}/bio",
    ),
    "iafd": (
        "https://www.iafd.com/person.rme/perfid={slug}/gender=f/{Name}.htm",
        "https://www.iafd.com/person.rme/perfid={slug}/{Name}.htm",
        "http://www.iafd.com/person.rme/perfid={slug}",
    ),
    "tmdb": (
        "https://www.themoviedb.org/person/{id}",
        "https://www.themoviedb.org/person/{id}-{hyphened}",
        "https://www.themoviedb.org/person/{id}-{hyphened}?language=en-US",
    ),
    "wikidata": ("https://www.wikidata.org/wiki/Q{id}", "http://www.wikidata.org/entity/Q{id}"),
    "adultempire": (
        "https://www.adultempire.com/{id}/{hyphened}-pornstars.html",
        "https://www.adultdvdempire.com/{id}/pornstar.html",
    ),
    "indexxx": ("https://www.indexxx.com/m/{slug}", "https://indexxx.com/m/{slug}/"),
    "minnano_av": (
        "https://www.minnano-av.com/actress{id}.html",
        "http://www.minnano-av.com/actress{id}.html",
    ),
    "javlibrary": (
        "https://www.javlibrary.com/en/vl_star.php?s={slug}",
        "https://www.javlibrary.com/ja/vl_star.php?s={slug}",
    ),
    "xslist": ("https://xslist.org/en/model/{id}.html", "https://xslist.org/model/{id}.html"),
    "babepedia": (
        "https://www.babepedia.com/babe/{Name_}",
        "http://babepedia.com/babe/{Name_}",
    ),
    "boobpedia": ("https://www.boobpedia.com/boobs/{Name_}",),
    "data18": ("https://www.data18.com/name/{hyphened}", "http://www.data18.com/{pornstars}"),
    "freeones": (
        "https://www.freeones.com/{hyphened}",
        "https://www.freeones.com/{hyphened}/bio",
    ),
    "twitter": (
        "https://twitter.com/{handle}",
        "https://x.com/{handle}",
        "https://www.twitter.com/{Handle}/",
        "https://mobile.twitter.com/{handle}",
        "https://twitter.com/{Handle}/media",
    ),
    "instagram": (
        "https://www.instagram.com/{handle}/",
        "https://instagram.com/{handle}",
        "http://www.instagram.com/{handle}?hl=en",
    ),
    "onlyfans": (
        "https://onlyfans.com/{handle}",
        "https://www.onlyfans.com/{Handle}",
        "https://onlyfans.com/{handle}/",
    ),
    "fansly": ("https://fansly.com/{handle}", "https://fansly.com/{Handle}/posts"),
    "tiktok": ("https://www.tiktok.com/@{handle}", "https://tiktok.com/@{handle}?lang=en"),
    "manyvids": (
        "https://www.manyvids.com/Profile/{id}/{slug}/",
        "https://www.manyvids.com/Profile/{id}",
    ),
    "pornhub": (
        "https://www.pornhub.com/model/{hyphened}",
        "https://pornhub.com/model/{hyphened}/videos",
    ),
    "clips4sale": (
        "https://www.clips4sale.com/studio/{id}/{slug}",
        "https://www.clips4sale.com/studio/{id}",
    ),
    "linktree": ("https://linktr.ee/{handle}",),
    "website": ("https://www.{slug}.example/", "http://{slug}.example"),
}

Target = dict[str, str]


def target(rng: random.Random, name: str, site: str) -> Target:
    """What a link of `site` leads to: the page of somebody of that `name`."""
    words = plain(name).replace("'", "").replace("&", "").split()
    number = str(rng.randint(1, 9999999)).zfill(7)
    joined = "".join(words)
    own = "" if site in NAME_PAGES else str(rng.randint(2, 99))
    return {
        "site": site,
        "id": f"999{number}",
        "slug": joined.lower() + own,
        "Name": joined,
        "Name_": "_".join(words),
        "hyphened": "-".join(words).lower() + (own if site == "pornhub" else ""),
        "pornstars": "pornstars/" + "-".join(words).lower(),
        "Handle": joined[:11] + own,
        "handle": joined[:11].lower() + own,
    }


def link(rng: random.Random, to: Target) -> dict[str, Any]:
    spelling = rng.choice(_SPELLINGS[to["site"]])
    return {"url": spelling.format(**to), "site": None}


def other_link(rng: random.Random, name: str, sites: tuple[str, ...]) -> dict[str, Any]:
    """A link that nobody else has."""
    return link(rng, target(rng, name, rng.choice(sites)))


def cross_link(record: dict[str, Any]) -> dict[str, Any]:
    """The address of another source's record."""
    domains = {"fansdb": "fansdb.cc", "theporndb": "theporndb.net"}
    domain = domains.get(record["source"], f"{record['source']}.org")
    return {"url": f"https://{domain}/performers/{record['source_id']}", "site": None}
