"""One performer out of the records that claim to be her or him: first source that knows wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from w3lib.url import canonicalize_url

from trainer.config.sources import SourceConfig
from trainer.identity.links import SiteLink, identify
from trainer.identity.tidy_names import alias_key, is_alias_of_itself
from trainer.state.store import Claim

# Which source names a performer, and gives the universal id, first.
PREFERENCE = ("stashdb", "theporndb", "fansdb", "pmvstash", "javstash")

_FACTS = (
    "disambiguation",
    "gender",
    "country",
    "ethnicity",
    "birth_date",
    "death_date",
    "height_cm",
    "eye_color",
    "hair_color",
    "career_start_year",
    "career_end_year",
    "scene_count",
    "created_at",
    "updated_at",
)
# What a reference page may add where no creator says anything.
_GAPS = tuple(
    fact
    for fact in _FACTS
    if fact not in ("disambiguation", "scene_count", "created_at", "updated_at")
)
_TRUST = ("high", "medium", "low")

Record = Mapping[str, Any]


def preferred_first(records: Iterable[Record]) -> list[Record]:
    """Records by source preference, then source key, then id."""

    def rank(record: Record) -> tuple[int, str, str]:
        source = record["source"]
        known = PREFERENCE.index(source) if source in PREFERENCE else len(PREFERENCE)
        return known, source, record["source_id"]

    return sorted(records, key=rank)


def trusted_first(pages: Iterable[Record], sources: Mapping[str, SourceConfig]) -> list[Record]:
    """Reference pages by their source's trust, then source key, then id."""

    def rank(page: Record) -> tuple[int, str, str]:
        return _TRUST.index(sources[page["source"]].trust), page["source"], page["source_id"]

    return sorted(pages, key=rank)


def canonical(
    performer_id: int,
    records: Sequence[Record],
    merged: Iterable[Claim],
    sources: Mapping[str, SourceConfig],
    run_started_at: str,
    pages: Sequence[Record] = (),
) -> dict[str, Any]:
    """The release's row of one performer.

    `records` are the live records that make up the performer, `merged` the claims that no longer
    live upstream but lead here, `pages` the reference pages of the same person: they add aliases
    and links, and facts that no record has. Lists are without repeats, in source order.
    """
    ordered = preferred_first(records)
    first = ordered[0]
    added = trusted_first(pages, sources)
    told = [*ordered, *added]
    images = [image["url"] for record in told for image in record["images"] or []]
    row: dict[str, Any] = {
        "performer_id": performer_id,
        "canonical_name": first["name"],
        "universal_id": f"{sources[first['source']].domain}:{first['source_id']}",
        "stashdb_updated_at": next(
            (r["updated_at"] for r in ordered if r["source"] == "stashdb"), None
        ),
        "image_url": images[0] if images else None,
        "claims": [_claim(record) for record in ordered],
        "references": [
            {name: page[name] for name in ("source", "source_id", "page_url")} for page in added
        ],
        "aliases": _aliases(told, first["name"]),
        "urls": _urls(ordered, added),
        "merged": [
            {"source": source, "source_id": source_id, "merged_at": None}
            for source, source_id in sorted(merged)
        ],
        "tattoos": _marks(ordered, "tattoos"),
        "piercings": _marks(ordered, "piercings"),
    }
    for fact in _FACTS:
        asked = told if fact in _GAPS else ordered
        row[fact] = next((r[fact] for r in asked if r[fact] is not None), None)
    row["created_at"] = row["created_at"] or run_started_at
    row["updated_at"] = row["updated_at"] or row["created_at"]
    return row


def _claim(record: Record) -> dict[str, Any]:
    return {
        "source": record["source"],
        "source_id": record["source_id"],
        "created_at": record["created_at"],
    }


def _aliases(told: Sequence[Record], name: str) -> list[dict[str, str]]:
    """Each once, as its first source spells it; case, width and blanks tell no two."""
    found: dict[str, dict[str, str]] = {}
    for record in told:
        for alias in [record["name"], *(record["aliases"] or [])]:
            if alias and not is_alias_of_itself(name, alias):
                found.setdefault(alias_key(alias), {"alias": alias, "source": record["source"]})
    return list(found.values())


def _urls(ordered: Sequence[Record], pages: Sequence[Record]) -> list[dict[str, str]]:
    """Every link once; the pages' own addresses are links of the performer, too."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for record in ordered:
        known = record.get("links") or [identify(link["url"]) for link in record["urls"] or ()]
        for link, identity in zip(record["urls"] or (), known, strict=True):
            _add(found, *_url_identity(identity, link["url"], link["site"]), record["source"])
    for page in pages:
        _add(found, page["source"], page["source_id"], _page_url(page), page["source"])
        for link in page["urls"] or []:
            _add(found, *url_identity(link["url"], link["site"]), page["source"])
    return list(found.values())


def _add(
    found: dict[tuple[str, str], dict[str, str]], site: str, number: str, url: str, source: str
) -> None:
    row = {"site": site, "url": url, "normalized_id": number, "source": source}
    found.setdefault((site, number), row)


def url_identity(url: str, label: str | None) -> tuple[str, str, str]:
    """Site, id and URL of a link; of an unknown site its label and the URL itself."""
    return _url_identity(identify(url), url, label)


def _url_identity(link: SiteLink, url: str, label: str | None) -> tuple[str, str, str]:
    if link.site and link.id:
        return link.site, link.id, link.url
    try:
        return label or "unknown", canonicalize_url(url).rstrip("/"), url
    except ValueError:
        return label or "unknown", url, url


def _page_url(page: Record) -> str:
    link = identify(page["page_url"])
    return link.url if link.site == page["source"] else str(page["page_url"])


def _marks(ordered: Sequence[Record], kind: str) -> list[dict[str, Any]]:
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for record in ordered:
        for mark in record[kind] or []:
            key = (mark["location"], mark["description"])
            found.setdefault(key, {**mark, "source": record["source"]})
    return list(found.values())
