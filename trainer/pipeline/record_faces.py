"""The faces of the records that are in question, out of the snapshots and the face cache."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from pathlib import Path

import polars as pl

from trainer.faces.cache import cache_parts
from trainer.faces.record_similarity import RecordFaces
from trainer.faces.select import MOST_OWNERS
from trainer.identity.similarity import FaceSimilarity
from trainer.pipeline.claim_facts import Records
from trainer.snapshots.store import PERFORMERS_FILE
from trainer.staging.frames import read_frame
from trainer.state.store import Claim


def record_faces(
    cache: Path, dirs: Iterable[Path], records: Records, claims: set[Claim]
) -> FaceSimilarity:
    """Return the similarity of the faces of `claims`; it is None for every pair before anything
    was embedded. `cache`: the face cache; `dirs`: the snapshots that `records` are from."""
    if not claims or not cache_parts(cache):
        return lambda _left, _right: None
    urls = {
        claim: [image["url"] for image in records[claim]["images"] or ()]
        for claim in claims
        if claim in records
    }
    hashes = _fetched(dirs, list(chain.from_iterable(urls.values())))
    images = {claim: [hashes[u] for u in own if u in hashes] for claim, own in urls.items()}
    return RecordFaces(images, cache)


def _fetched(directories: Iterable[Path], urls: Sequence[str]) -> dict[str, str]:
    """Return the sha256 of the pictures at `urls` that were fetched, without stand-ins."""
    found: dict[str, str] = {}
    stand_ins: set[str] = set()
    for directory in directories:
        images = read_frame(directory / "images.parquet", ["url", "sha256"]).drop_nulls()
        found.update(images.filter(pl.col("url").is_in(urls)).rows())
        stand_ins |= _stand_ins(directory, images)
    return {url: sha for url, sha in found.items() if sha not in stand_ins}


def _stand_ins(directory: Path, images: pl.DataFrame) -> set[str]:
    """Return the pictures that more than MOST_OWNERS records of one source share: nobody's face,
    so that they make no records similar."""
    records = read_frame(directory / PERFORMERS_FILE, ["source_id", "deleted", "images"])
    shown = records.filter(~pl.col("deleted")).explode("images").drop_nulls("images")
    owned = shown.select("source_id", pl.col("images").struct.field("url")).join(images, on="url")
    owners = owned.group_by("sha256").agg(pl.col("source_id").n_unique().alias("owners"))
    return set(owners.filter(pl.col("owners") > MOST_OWNERS)["sha256"].to_list())
