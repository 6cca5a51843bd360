"""What belongs to each exclusion in the crawls that are here: the records of the person, and the
pictures by hash, so that they stay out when nothing leads to them any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from trainer.exclusions.apply import RecordRows, excluded_claims
from trainer.exclusions.edit import add, remember
from trainer.exclusions.entries import PHASH, Exclusion, Exclusions, Kind, Member, Reason, claim_of
from trainer.exclusions.link_keys import link_keys
from trainer.faces.cache import read_figures
from trainer.staging.parquet import stream_rows
from trainer.staging.paths import DataDir
from trainer.staging.rows import PerformerRecord
from trainer.state.store import Claim, KnownIdentities, read_identities, reading


@dataclass
class Found:
    """What belongs to one exclusion: for the list, and the other records for people to read."""

    members: set[Member] = field(default_factory=set)
    people: dict[str, str] = field(default_factory=dict)  # source:source_id -> name and reason


def find_members(data: DataDir, entries: Sequence[Exclusion]) -> dict[int, Found]:
    """Return what belongs to each exclusion, by its number; reads the records once for all."""
    known = read_identities(data.state_db)
    everything = Exclusions.of(entries)
    records = RecordRows(crawled_files(data, "performers"))
    claims = excluded_claims(records, everything, known)
    rows = [row for row in records if (row["source"], row["source_id"]) in claims]
    hashes = image_hashes(data, {i["url"] for row in rows for i in row["images"] or ()})
    by_url = _images_by_url(data, everything)
    few = KnownIdentities({c: n for c, n in known.claims.items() if c in claims}, known.merges)
    found = {}
    for entry in entries:
        found[entry.number] = _belonging(entry, rows, few, hashes)
        found[entry.number].members |= _images_of(entry, by_url) | _alike(data, entry)
        found[entry.number].members.discard(("image", entry.value))
    return found


def preview_members(data: DataDir, values: Sequence[tuple[Kind, str]]) -> list[Found]:
    """Return what would belong to each exclusion; nothing is stored."""
    drafts = [Exclusion(kind, value, -n) for n, (kind, value) in enumerate(values, 1)]
    return list(find_members(data, drafts).values())


def store_exclusions(
    data: DataDir,
    values: Sequence[tuple[Kind, str]],
    found: Sequence[Found],
    reason: str,
    moment: str,
) -> list[tuple[Exclusion, bool]]:
    """Store exclusions with what belongs to each; returns them, and whether each is new."""
    made = [add(data, kind, value, reason, moment) for kind, value in values]
    numbers = [entry.number for entry, _ in made]
    remember(data, {n: own.members for n, own in zip(numbers, found, strict=True)})
    return made


def _belonging(
    entry: Exclusion,
    rows: Sequence[PerformerRecord],
    known: KnownIdentities,
    hashes: Mapping[str, set[str]],
) -> Found:
    """Return the records that belong to an exclusion, with their pictures and links."""
    claims = excluded_claims(rows, Exclusions.of([entry]), known)
    found = _records_found(entry, claims)
    for row in rows:
        claim = row["source"], row["source_id"]
        if claim in claims:
            found.members |= _members_of(row, claims[claim], hashes)
            if ":".join(claim) in found.people:
                found.people[":".join(claim)] = f"{row['name']}, {_IN_WORDS[claims[claim]]}"
    return found


def _records_found(entry: Exclusion, claims: Mapping[Claim, Reason]) -> Found:
    """Return the records of `claims` beside the one that the exclusion itself names."""
    found = Found()
    for claim, reason in sorted(claims.items()):
        if (entry.kind, entry.value) != ("id", ":".join(claim)):
            found.members.add(("found" if reason == "link" else "id", ":".join(claim)))
            found.people[":".join(claim)] = _IN_WORDS[reason]
    return found


def _members_of(
    row: PerformerRecord, reason: Reason, hashes: Mapping[str, set[str]]
) -> set[Member]:
    """Return a record's pictures by hash, and its links unless only a link led to it."""
    images = row["images"] or ()
    found: set[Member] = {("image", sha) for i in images for sha in hashes.get(i["url"], ())}
    if reason != "link":
        found.update(("link", key) for key in link_keys(row))
    return found


def _images_of(entry: Exclusion, by_url: Mapping[str, str]) -> set[Member]:
    """Return the pictures whose URL an exclusion names."""
    excluded = Exclusions.of([entry])
    return {("image", sha) for url, sha in by_url.items() if excluded.url(url)}


_IN_WORDS: dict[Reason, str] = {
    "id": "by its id, or merged with it",
    "url": "by the URL",
    "person": "by name and birth date",
    "same_person": "of the same performer",
    "link": "by a link that says that this is the same person",
}


def _alike(data: DataDir, entry: Exclusion) -> set[Member]:
    """Return the embedded pictures that look like one excluded by its perceptual hash."""
    if not entry.value.startswith(PHASH):
        return set()
    found: set[Member] = set()
    for directory in sorted((data.root / "faces").glob("*/")):
        figures = read_figures(directory).drop_nulls("phash")
        numbers = np.array([int.from_bytes(h) for h in figures["phash"]], np.uint64)
        near = Exclusions.of([entry]).alike(numbers)
        found.update(("image", str(sha)) for sha in figures["image_sha256"].to_numpy()[near])
    return found


def crawled_files(data: DataDir, name: str) -> list[Path]:
    """List the files `performers` or `images` of every snapshot and every staged part, sorted."""
    staged = data.runs.glob(f"*/staging/*/{name}-*.parquet")
    return sorted([*data.runs.glob(f"*/snapshot/*/{name}.parquet"), *staged])


def image_hashes(data: DataDir, urls: set[str]) -> dict[str, set[str]]:
    """Return the sha256 of all that was ever fetched from each of `urls`."""
    found: dict[str, set[str]] = defaultdict(set)
    for url, sha in _images(data) if urls else ():
        if url in urls:
            found[url].add(sha)
    return found


def _images_by_url(data: DataDir, exclusions: Exclusions) -> dict[str, str]:
    if not exclusions.urls:
        return {}
    return {url: sha for url, sha in _images(data) if exclusions.url(url)}


def _images(data: DataDir) -> Iterator[tuple[str, str]]:
    """Yield URL and sha256 of every picture that a crawl, or the ledger, knows."""
    for path in crawled_files(data, "images"):
        for row in stream_rows(path, ["url", "sha256"]):
            if row["sha256"]:
                yield row["url"], row["sha256"]
    with reading(data.state_db) as db:
        if db is not None:
            query = "SELECT url, sha256 FROM image_ledger WHERE sha256 IS NOT NULL"
            yield from db.execute(query)


def claims_of(entries: Sequence[Exclusion], found: Mapping[int, Found]) -> set[Claim]:
    """Return all records that are excluded and are to be removed."""
    values = {m for own in found.values() for m in own.members}
    values |= {m for entry in entries for m in entry.members}
    ids = {value for kind, value in values if kind in ("id", "found")}
    ids |= {entry.value for entry in entries if entry.kind == "id"}
    return {claim_of(value) for value in ids}
