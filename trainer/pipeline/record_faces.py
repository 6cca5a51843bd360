"""The faces of the records that are in question, out of the snapshots and the face cache."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from trainer.faces.cache import cache_parts
from trainer.faces.record_similarity import RecordFaces
from trainer.faces.select import MOST_OWNERS
from trainer.identity.similarity import Likeness
from trainer.pipeline.claim_facts import Records
from trainer.runs.context import RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.snapshots.store import PERFORMERS_FILE
from trainer.staging.parquet import read_frame
from trainer.state.store import Claim


def record_faces(context: RunContext, records: Records, claims: set[Claim]) -> Likeness:
    """Likeness of the faces of `claims`; of nobody's before anything was embedded."""
    cache = context.data.faces(context.plan.pack_id)
    if not claims or not cache_parts(cache):
        return lambda _one, _other: None
    urls = {
        claim: [image["url"] for image in records[claim]["images"] or ()]
        for claim in claims
        if claim in records
    }
    wanted = [url for own in urls.values() for url in own]
    known: dict[str, str] = {}
    nobodys: set[str] = set()
    for directory in snapshot_dirs(context).values():
        images = read_frame(directory / "images.parquet", ["url", "sha256"])
        known.update(images.drop_nulls().filter(pl.col("url").is_in(wanted)).rows())
        nobodys |= _stand_ins(directory, images.drop_nulls())
    pictures = {
        claim: [known[u] for u in own if u in known and known[u] not in nobodys]
        for claim, own in urls.items()
    }
    return RecordFaces(pictures, cache)


def _stand_ins(directory: Path, images: pl.DataFrame) -> set[str]:
    """Pictures that more than MOST_OWNERS records of one source have: nobody's face, so that they
    make nobody alike."""
    records = read_frame(directory / PERFORMERS_FILE, ["source_id", "deleted", "images"])
    shown = records.filter(~pl.col("deleted")).explode("images").drop_nulls("images")
    owned = shown.select("source_id", pl.col("images").struct.field("url")).join(images, on="url")
    owners = owned.group_by("sha256").agg(pl.col("source_id").n_unique().alias("owners"))
    return set(owners.filter(pl.col("owners") > MOST_OWNERS)["sha256"].to_list())
