"""One performer out of all records of that person: of each fact the first source that knows it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypedDict, cast

from w3lib.url import canonicalize_url

from trainer.config.sources import SourceConfig
from trainer.identity.links import SiteLink, identify
from trainer.identity.tidy_names import alias_key, is_alias_of_itself
from trainer.staging.performer_facts import FACTS
from trainer.staging.rows import Mark, PerformerRecord, by_name
from trainer.state.store import Claim

# Which source names a performer, and gives the universal id, first.
PREFERENCE = ("stashdb", "theporndb", "fansdb", "pmvstash", "javstash")

_TRUST = ("high", "medium", "low")

Links = Mapping[Claim, Sequence[SiteLink]]


class Performer(TypedDict):
    """A row of the release's input; beside these columns it has every fact of `FACTS`."""

    performer_id: int
    canonical_name: str
    universal_id: str
    stashdb_updated_at: str | None
    image_url: str | None
    created_at: str
    updated_at: str
    claims: list[dict[str, str | None]]
    references: list[dict[str, str | None]]
    aliases: list[dict[str, str]]
    urls: list[dict[str, str]]
    merged: list[dict[str, str | None]]
    tattoos: list[dict[str, str | None]]
    piercings: list[dict[str, str | None]]


def preferred_first(records: Iterable[PerformerRecord]) -> list[PerformerRecord]:
    """Return the records by source preference, then source key, then id."""

    def rank(record: PerformerRecord) -> tuple[int, str, str]:
        source = record["source"]
        known = PREFERENCE.index(source) if source in PREFERENCE else len(PREFERENCE)
        return known, source, record["source_id"]

    return sorted(records, key=rank)


def trusted_first(
    pages: Iterable[PerformerRecord], sources: Mapping[str, SourceConfig]
) -> list[PerformerRecord]:
    """Return reference pages by their source's trust, then source key, then id."""

    def rank(page: PerformerRecord) -> tuple[int, str, str]:
        return _TRUST.index(sources[page["source"]].trust), page["source"], page["source_id"]

    return sorted(pages, key=rank)


def canonical(
    performer_id: int,
    records: Sequence[PerformerRecord],
    merged: Iterable[Claim],
    sources: Mapping[str, SourceConfig],
    run_started_at: str,
    pages: Sequence[PerformerRecord] = (),
    links: Links = MappingProxyType({}),
) -> Performer:
    """Return the release's row of one performer.

    `records` are the live records that make up the performer, `merged` the claims that no longer
    live upstream but lead here, `pages` the reference pages of the same person: they add aliases
    and links, and facts that no record has. `links` are those of records whose links were
    identified before. Lists are without repeats, in source order.
    """
    ordered = preferred_first(records)
    added = trusted_first(pages, sources)
    everything = [*ordered, *added]
    first = ordered[0]
    created_at = _first(ordered, "created_at") or run_started_at
    row: Performer = {
        "performer_id": performer_id,
        "canonical_name": first["name"],
        "universal_id": f"{sources[first['source']].domain}:{first['source_id']}",
        "stashdb_updated_at": _stashdb_updated_at(ordered),
        "image_url": _first_image_url(everything),
        "created_at": created_at,
        "updated_at": _first(ordered, "updated_at") or created_at,
        "claims": _columns(ordered, "source", "source_id", "created_at"),
        "references": _columns(added, "source", "source_id", "page_url"),
        "aliases": _aliases(everything, first["name"]),
        "urls": _urls(ordered, added, links),
        "merged": _merged(merged),
        "tattoos": _marks((r["source"], r["tattoos"]) for r in ordered),
        "piercings": _marks((r["source"], r["piercings"]) for r in ordered),
    }
    return cast("Performer", {**row, **_facts(ordered, everything)})


def _facts(
    ordered: Sequence[PerformerRecord], everything: Sequence[PerformerRecord]
) -> dict[str, Any]:
    """Return every fact of `FACTS`, by the records in `ordered` or by `everything`."""
    return {f.name: _first(everything if f.from_pages else ordered, f.name) for f in FACTS}


def _stashdb_updated_at(records: Iterable[PerformerRecord]) -> str | None:
    """Return when the first of StashDB's records was changed; None where it has none."""
    return next((r["updated_at"] for r in records if r["source"] == "stashdb"), None)


def _first_image_url(records: Iterable[PerformerRecord]) -> str | None:
    """Return the URL of the first picture that any of the records has."""
    return next((i["url"] for record in records for i in record["images"] or []), None)


def _columns(records: Iterable[PerformerRecord], *names: str) -> list[dict[str, Any]]:
    """Return a row of each record with the columns of these `names`."""
    return [{name: by_name(record)[name] for name in names} for record in records]


def _merged(claims: Iterable[Claim]) -> list[dict[str, str | None]]:
    """Return a row of each claim that no longer lives upstream, by source and id."""
    return [
        {"source": source, "source_id": source_id, "merged_at": None}
        for source, source_id in sorted(claims)
    ]


def _first(records: Sequence[PerformerRecord], name: str) -> Any:
    """Return what the first record that has it states, else None."""
    for record in cast("Sequence[Mapping[str, Any]]", records):
        if record[name] is not None:
            return record[name]
    return None


def _aliases(records: Sequence[PerformerRecord], name: str) -> list[dict[str, str]]:
    """Return each once, as its first source spells it; case, width and blanks tell no two apart."""
    found: dict[str, dict[str, str]] = {}
    for record in records:
        for alias in [record["name"], *(record["aliases"] or [])]:
            if alias and not is_alias_of_itself(name, alias):
                found.setdefault(alias_key(alias), {"alias": alias, "source": record["source"]})
    return list(found.values())


def _urls(
    ordered: Sequence[PerformerRecord], pages: Sequence[PerformerRecord], links: Links
) -> list[dict[str, str]]:
    """Return every link once; the pages' own addresses are links of the performer, too."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for record in ordered:
        urls = record["urls"] or ()
        known = links.get((record["source"], record["source_id"]))
        known = [identify(link["url"]) for link in urls] if known is None else known
        for link, identity in zip(urls, known, strict=True):
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
    """Return site, id and URL of a link; of an unknown site its label and the URL itself."""
    return _url_identity(identify(url), url, label)


def _url_identity(link: SiteLink, url: str, label: str | None) -> tuple[str, str, str]:
    if link.site and link.id:
        return link.site, link.id, link.url
    try:
        return label or "unknown", canonicalize_url(url).rstrip("/"), url
    except ValueError:
        return label or "unknown", url, url


def _page_url(page: PerformerRecord) -> str:
    link = identify(page["page_url"])
    return link.url if link.site == page["source"] else page["page_url"]


def _marks(stated: Iterable[tuple[str, list[Mark] | None]]) -> list[dict[str, str | None]]:
    """Return each tattoo or piercing once, with the first source that states it."""
    found: dict[tuple[str, str | None], dict[str, str | None]] = {}
    for source, marks in stated:
        for mark in marks or []:
            key = (mark["location"], mark["description"])
            found.setdefault(key, {"location": key[0], "description": key[1], "source": source})
    return list(found.values())
