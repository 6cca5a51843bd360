"""The exclusion list applied to a run: to snapshots, to records before they become people, to
pictures before they are embedded or released."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from trainer.errors import StageFailed
from trainer.exclusions.entries import Exclusions, Reason
from trainer.exclusions.list_file import bring_in
from trainer.exclusions.related_records import RelatedRecords
from trainer.runs.context import RunContext
from trainer.staging.parquet import stream_rows
from trainer.staging.rows import PerformerRecord
from trainer.state.decisions import digest
from trainer.state.store import Claim, KnownIdentities

# What matching needs of a record.
COLUMNS = ("source", "source_id", "name", "aliases", "birth_date", "urls", "page_url", "merged_ids")
MATCHED = (*COLUMNS, "merged_into_id", "images")


def excluded_claims(
    rows: Iterable[PerformerRecord], exclusions: Exclusions, known: KnownIdentities
) -> dict[Claim, Reason]:
    """Return the records and pages that are excluded, and by what: those that match, those of the
    performers that they belonged to before, and those that name the same person by a link.

    `rows` is iterated three times; nothing is kept of rows that do not match. A record that only a
    link leads to excludes no further ones: an account can be a couple's.
    """
    if not exclusions:
        return {}
    found = _matching(rows, exclusions)
    _add_same_performers(found, known)
    if found:
        _add_linked(found, rows)
    return found


def _matching(rows: Iterable[PerformerRecord], exclusions: Exclusions) -> dict[Claim, Reason]:
    """Return the records that an exclusion matches; a link is the weakest reason."""
    found: dict[Claim, Reason] = {}
    for row in rows:
        reason = exclusions.record(row)
        if reason is not None and found.get(_claim(row), "link") == "link":
            found[_claim(row)] = reason
    return found


def _claim(row: PerformerRecord) -> Claim:
    return row["source"], row["source_id"]


def _add_same_performers(found: dict[Claim, Reason], known: KnownIdentities) -> None:
    own = {claim for claim, reason in found.items() if reason != "link"}
    people = {known.current(known.claims[claim]) for claim in own if claim in known.claims}
    for claim, number in known.claims.items() if people else ():
        if claim not in own and known.current(number) in people:
            found[claim] = "same_person"


def _add_linked(found: dict[Claim, Reason], rows: Iterable[PerformerRecord]) -> None:
    """Add the records that a link shows to be of the same person as one found otherwise."""
    related = RelatedRecords()
    for row in rows:
        if found.get(_claim(row), "link") != "link":
            related.add(row)
    for row in rows if related else ():
        if _claim(row) not in found and related.has(row):
            found[_claim(row)] = "link"


def leave_out(
    records: dict[Claim, PerformerRecord],
    pages: list[PerformerRecord],
    dirs: Iterable[Path],
    exclusions: Exclusions,
    known: KnownIdentities,
) -> tuple[dict[Claim, PerformerRecord], list[PerformerRecord], dict[str, int]]:
    """Return the records and the pages that are not excluded, without links to excluded images;
    and the number of excluded ones by reason. `dirs`: the snapshots that they are from."""
    rows = [*records.values(), *pages]
    out = excluded_claims(rows, exclusions, known)
    urls = _excluded_urls(dirs, exclusions)
    counts = Counter[str](out[_claim(row)] for row in rows if _claim(row) in out)
    kept = {claim: _without(row, urls) for claim, row in records.items() if claim not in out}
    kept_pages = [_without(p, urls) for p in pages if _claim(p) not in out]
    return kept, kept_pages, dict(sorted(counts.items()))


def _excluded_urls(dirs: Iterable[Path], exclusions: Exclusions) -> set[str]:
    if not (exclusions.images or exclusions.urls):
        return set()
    return {
        row["url"]
        for directory in dirs
        for row in stream_rows(directory / "images.parquet", ["url", "sha256"])
        if exclusions.image(row["sha256"]) or exclusions.url(row["url"])
    }


def _without(row: PerformerRecord, urls: set[str]) -> PerformerRecord:
    images = row["images"] or []
    if not urls or all(image["url"] not in urls for image in images):
        return row
    return {**row, "images": [image for image in images if image["url"] not in urls]}


def excluded_images(
    dirs: Collection[Path], exclusions: Exclusions, known: KnownIdentities
) -> set[str]:
    """Return the sha256 of pictures that must not be embedded: excluded ones, and those of all
    records that `resolve` will leave out."""
    if not exclusions:
        return set()
    rows = RecordRows([directory / "performers.parquet" for directory in dirs])
    out = excluded_claims(rows, exclusions, known)
    urls = {i["url"] for row in rows if _claim(row) in out for i in row["images"] or ()}
    return exclusions.images | _hashes_at(dirs, urls, exclusions)


def _hashes_at(dirs: Iterable[Path], urls: Container[str], exclusions: Exclusions) -> set[str]:
    """Return the sha256 of the pictures in snapshots at one of `urls`, or at an excluded URL."""
    return {
        row["sha256"]
        for directory in dirs
        for row in stream_rows(directory / "images.parquet", ["url", "sha256"])
        if row["sha256"] and (row["url"] in urls or exclusions.url(row["url"]))
    }


class RecordRows:
    """The columns that matching needs of the records in files; can be iterated again and again."""

    def __init__(self, files: Sequence[Path]) -> None:
        self._files = files

    def __iter__(self) -> Iterator[PerformerRecord]:
        for path in self._files:
            yield from stream_rows(path, MATCHED)


def mark_excluded(judged: pl.DataFrame, exclusions: Exclusions) -> pl.DataFrame:
    """Set `rule` to `excluded` for every face of an excluded picture, by sha256, URL or perceptual
    hash."""
    if not exclusions:
        return judged
    hashes = judged["phash"].fill_null(b"").to_list()
    numbers = np.array([int.from_bytes(h) for h in hashes], np.uint64)
    alike = exclusions.alike(numbers) & np.array([len(h) == 8 for h in hashes], bool)
    urls = [exclusions.url(url) for url in judged["url"]]
    out = (pl.Series(alike) | pl.Series(urls, dtype=pl.Boolean)) | judged["image_sha256"].is_in(
        sorted(exclusions.images)
    )
    return judged.with_columns(
        pl.when(out).then(pl.lit("excluded")).otherwise(pl.col("rule")).alias("rule")
    )


def refuse_if_decided(context: RunContext) -> None:
    """Raise `StageFailed` where people decided something since this run resolved its records."""
    if not decisions_stand(context):
        raise StageFailed(
            f"exclusions or identities were changed since run {context.run.run_id} took its step "
            "`resolve`; run again from `resolve`, as `trainer build` does"
        )


def decisions_stand(context: RunContext) -> bool:
    """Are the decisions in force those that the run's step `resolve` applied?"""
    bring_in(context.data)
    return (context.result("resolve") or {}).get("decisions") == digest(context.data)
