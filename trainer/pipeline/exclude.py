"""The exclusion list applied to a run: to snapshots, to records before they become people, to
pictures before they are embedded or released."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from trainer.errors import StageFailed
from trainer.identity.links import identify
from trainer.pipeline.context import RunContext
from trainer.pipeline.snapshots import snapshot_dirs
from trainer.policy.exclusions import Exclusions, read_exclusions
from trainer.staging.parquet import stream_rows
from trainer.state.decisions import digest
from trainer.state.store import Claim, KnownIdentities

Row = dict[str, Any]
# What matching needs of a record.
COLUMNS = ("source", "source_id", "name", "aliases", "birth_date", "urls", "page_url", "merged_ids")
MATCHED = (*COLUMNS, "merged_into_id", "images")


def excluded_claims(
    rows: Iterable[Mapping[str, Any]], exclusions: Exclusions, known: KnownIdentities
) -> dict[Claim, str]:
    """The records and pages that are out, and by what: those that match, those of performers whom
    they were held to be before, and those that name the same person by a strong link.

    `rows` is gone through twice; nothing is kept of rows that do not match.
    """
    found: dict[Claim, str] = {}
    if not exclusions:
        return found
    links: dict[tuple[str, str], list[str | None]] = defaultdict(list)
    for row in rows:
        reason = exclusions.record(row)
        if reason is not None:
            found[row["source"], row["source_id"]] = reason
            for link in _strong_links(row):
                links[link].append(row["birth_date"])
    people = {known.current(known.claims[claim]) for claim in found if claim in known.claims}
    for claim, number in known.claims.items():
        if people and known.current(number) in people:
            found.setdefault(claim, "same_person")
    for row in rows if links else ():
        claim = (row["source"], row["source_id"])
        if claim not in found and any(
            _may_be_one(row["birth_date"], born)
            for link in _strong_links(row)
            for born in links.get(link, ())
        ):
            found[claim] = "same_person"
    return found


def _strong_links(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    links = (identify(link["url"]) for link in row["urls"] or ())
    return [(link.site, link.id) for link in links if link.strong and link.site and link.id]


def _may_be_one(one: str | None, other: str | None) -> bool:
    """Fuzzy dates that do not contradict each other."""
    return one is None or other is None or one.startswith(other) or other.startswith(one)


def leave_out(
    context: RunContext,
    records: dict[Claim, Row],
    pages: list[Row],
    known: KnownIdentities,
) -> tuple[dict[Claim, Row], list[Row], dict[str, int]]:
    """Records and pages that are not excluded; how many are, by reason. Links to excluded pictures
    are taken out of the others."""
    exclusions = read_exclusions(context.data)
    rows = [*records.values(), *pages]
    out = excluded_claims(rows, exclusions, known)
    pictures = _excluded_urls(context, exclusions)
    counts = Counter(out[c] for row in rows if (c := (row["source"], row["source_id"])) in out)
    kept = {claim: _without(row, pictures) for claim, row in records.items() if claim not in out}
    own = [_without(p, pictures) for p in pages if (p["source"], p["source_id"]) not in out]
    return kept, own, dict(sorted(counts.items()))


def _excluded_urls(context: RunContext, exclusions: Exclusions) -> set[str]:
    if not (exclusions.images or exclusions.urls):
        return set()
    return {
        row["url"]
        for directory in snapshot_dirs(context).values()
        for row in stream_rows(directory / "images.parquet", ["url", "sha256"])
        if exclusions.image(row["sha256"]) or exclusions.url(row["url"])
    }


def _without(row: Row, pictures: set[str]) -> Row:
    images = row["images"] or []
    if not pictures or all(image["url"] not in pictures for image in images):
        return row
    return {**row, "images": [image for image in images if image["url"] not in pictures]}


def excluded_pictures(dirs: Iterable[Path], exclusions: Exclusions) -> set[str]:
    """sha256 of pictures that must not be embedded: excluded ones, and those of excluded records
    that a snapshot holds since an earlier crawl."""
    if not exclusions:
        return set()
    found = set(exclusions.images)
    for directory in dirs:
        urls = {
            image["url"]
            for row in stream_rows(directory / "performers.parquet", list(MATCHED))
            if exclusions.record(row)
            for image in row["images"] or ()
        }
        for row in stream_rows(directory / "images.parquet", ["url", "sha256"]):
            if row["sha256"] and (row["url"] in urls or exclusions.url(row["url"])):
                found.add(row["sha256"])
    return found


def mark_excluded(judged: pl.DataFrame, exclusions: Exclusions) -> pl.DataFrame:
    """`rule` is `excluded` for every face of an excluded picture, by sha256, URL or likeness."""
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
    """Raise `StageFailed` where people decided something since this run resolved who is who."""
    if not decisions_stand(context):
        raise StageFailed(
            f"exclusions or identities were changed since run {context.run.run_id} took its step "
            "`resolve`; run again from `resolve` (`trainer build` does)"
        )


def decisions_stand(context: RunContext) -> bool:
    return (context.result("resolve") or {}).get("decisions") == digest(context.data)
