"""One performer out of the records that claim to be her or him: first source that knows wins."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from w3lib.url import canonicalize_url

from trainer.config.sources import SourceConfig
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

Record = Mapping[str, Any]


def preferred_first(records: Iterable[Record]) -> list[Record]:
    """Records by source preference, then source key, then id."""

    def rank(record: Record) -> tuple[int, str, str]:
        source = record["source"]
        known = PREFERENCE.index(source) if source in PREFERENCE else len(PREFERENCE)
        return known, source, record["source_id"]

    return sorted(records, key=rank)


def canonical(
    performer_id: int,
    records: Sequence[Record],
    merged: Iterable[Claim],
    sources: Mapping[str, SourceConfig],
    run_started_at: str,
) -> dict[str, Any]:
    """The release's row of one performer.

    `records` are the live records that make up the performer, `merged` the claims that no longer
    live upstream but lead here. Lists are without repeats, in source order.
    """
    ordered = preferred_first(records)
    first = ordered[0]
    images = [image["url"] for record in ordered for image in record["images"] or []]
    row: dict[str, Any] = {
        "performer_id": performer_id,
        "canonical_name": first["name"],
        "universal_id": f"{sources[first['source']].domain}:{first['source_id']}",
        "stashdb_updated_at": next(
            (r["updated_at"] for r in ordered if r["source"] == "stashdb"), None
        ),
        "image_url": images[0] if images else None,
        "claims": [_claim(record) for record in ordered],
        "aliases": _aliases(ordered, first["name"]),
        "urls": _urls(ordered),
        "merged": [
            {"source": source, "source_id": source_id, "merged_at": None}
            for source, source_id in sorted(merged)
        ],
        "tattoos": _marks(ordered, "tattoos"),
        "piercings": _marks(ordered, "piercings"),
    }
    for fact in _FACTS:
        row[fact] = next((r[fact] for r in ordered if r[fact] is not None), None)
    row["created_at"] = row["created_at"] or run_started_at
    row["updated_at"] = row["updated_at"] or row["created_at"]
    return row


def _claim(record: Record) -> dict[str, Any]:
    return {
        "source": record["source"],
        "source_id": record["source_id"],
        "created_at": record["created_at"],
    }


def _aliases(ordered: Sequence[Record], name: str) -> list[dict[str, str]]:
    found: dict[str, str] = {}
    for record in ordered:
        for alias in [record["name"], *(record["aliases"] or [])]:
            if alias and alias != name:
                found.setdefault(alias, record["source"])
    return [{"alias": alias, "source": source} for alias, source in found.items()]


def _urls(ordered: Sequence[Record]) -> list[dict[str, str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for record in ordered:
        for link in record["urls"] or []:
            site = link["site"] or "unknown"
            identity = canonicalize_url(link["url"]).rstrip("/")
            found.setdefault(
                (site, identity),
                {
                    "site": site,
                    "url": link["url"],
                    "normalized_id": identity,
                    "source": record["source"],
                },
            )
    return list(found.values())


def _marks(ordered: Sequence[Record], kind: str) -> list[dict[str, Any]]:
    found: dict[tuple[Any, Any], dict[str, Any]] = {}
    for record in ordered:
        for mark in record[kind] or []:
            key = (mark["location"], mark["description"])
            found.setdefault(key, {**mark, "source": record["source"]})
    return list(found.values())
