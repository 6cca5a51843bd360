"""What belongs to each exclusion in the crawls that are here: the records of the person, and the
pictures by hash, so that they stay out when nothing leads to them any more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from trainer.faces.cache import read_figures
from trainer.pipeline.exclude import MATCHED, excluded_claims
from trainer.policy.exclusions import PHASH, Exclusion, Exclusions, Kind
from trainer.staging.parquet import stream_rows
from trainer.staging.paths import DataDir
from trainer.state.store import Claim, KnownIdentities, read_identities, reading

Row = dict[str, Any]
Found = dict[int, set[tuple[Kind, str]]]


def find_members(data: DataDir, entries: Sequence[Exclusion]) -> Found:
    """The members of each exclusion, by its number. All records are gone through once for all."""
    known = read_identities(data.state_db)
    everything = Exclusions.of(entries)
    claims = excluded_claims(_Records(data), everything, known)
    rows = [row for row in _Records(data) if (row["source"], row["source_id"]) in claims]
    hashes = picture_hashes(data, {i["url"] for row in rows for i in row["images"] or ()})
    by_url = _pictures_by_url(data, everything)
    few = KnownIdentities({c: n for c, n in known.claims.items() if c in claims}, known.merges)
    return {
        entry.number: _members(entry, rows, few, hashes, by_url) | _alike(data, entry)
        for entry in entries
    }


def _members(
    entry: Exclusion,
    rows: Sequence[Row],
    known: KnownIdentities,
    hashes: Mapping[str, set[str]],
    by_url: Mapping[str, str],
) -> set[tuple[Kind, str]]:
    alone = Exclusions.of([entry])
    claims = excluded_claims(rows, alone, known)
    found: set[tuple[Kind, str]] = {("id", f"{source}:{number}") for source, number in claims}
    for row in rows:
        if (row["source"], row["source_id"]) in claims:
            for image in row["images"] or ():
                found.update(("image", sha) for sha in hashes.get(image["url"], ()))
    found.update(("image", sha) for url, sha in by_url.items() if alone.url(url))
    return found - {(entry.kind, entry.value)}


def _alike(data: DataDir, entry: Exclusion) -> set[tuple[Kind, str]]:
    """The embedded pictures that look like one excluded by its perceptual hash."""
    if not entry.value.startswith(PHASH):
        return set()
    found: set[tuple[Kind, str]] = set()
    for directory in sorted((data.root / "faces").glob("*/")):
        figures = read_figures(directory).drop_nulls("phash")
        numbers = np.array([int.from_bytes(h) for h in figures["phash"]], np.uint64)
        near = Exclusions.of([entry]).alike(numbers)
        found.update(("image", str(sha)) for sha in figures["image_sha256"].to_numpy()[near])
    return found


class _Records:
    """The records of all snapshots and staged parts, as often as they are gone through."""

    def __init__(self, data: DataDir) -> None:
        self._files = crawled_files(data, "performers")

    def __iter__(self) -> Iterator[Row]:
        for path in self._files:
            yield from stream_rows(path, list(MATCHED))


def crawled_files(data: DataDir, name: str) -> list[Path]:
    """`performers` or `images` of every snapshot and every staged part."""
    staged = data.runs.glob(f"*/staging/*/{name}-*.parquet")
    return sorted([*data.runs.glob(f"*/snapshot/*/{name}.parquet"), *staged])


def picture_hashes(data: DataDir, urls: set[str]) -> dict[str, set[str]]:
    """sha256 of all that was ever fetched from each of `urls`."""
    found: dict[str, set[str]] = defaultdict(set)
    for url, sha in _pictures(data) if urls else ():
        if url in urls:
            found[url].add(sha)
    return found


def _pictures_by_url(data: DataDir, exclusions: Exclusions) -> dict[str, str]:
    if not exclusions.urls:
        return {}
    return {url: sha for url, sha in _pictures(data) if exclusions.url(url)}


def _pictures(data: DataDir) -> Iterator[tuple[str, str]]:
    """URL and sha256 of every picture that a crawl, or the ledger, knows."""
    for path in crawled_files(data, "images"):
        for row in stream_rows(path, ["url", "sha256"]):
            if row["sha256"]:
                yield row["url"], row["sha256"]
    with reading(data.state_db) as db:
        if db is not None:
            query = "SELECT url, sha256 FROM image_ledger WHERE sha256 IS NOT NULL"
            yield from db.execute(query)


def claims_of(entries: Sequence[Exclusion], found: Found) -> set[Claim]:
    values = {m for own in found.values() for m in own} | {m for e in entries for m in e.members}
    values |= {(e.kind, e.value) for e in entries}
    pairs = (value.partition(":") for kind, value in values if kind == "id")
    return {(source, number) for source, _, number in pairs}
