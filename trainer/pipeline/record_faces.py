"""The faces of the records that are in question, out of the snapshots and the face cache."""

from __future__ import annotations

import polars as pl

from trainer.faces.cache import cache_parts
from trainer.faces.records import RecordFaces
from trainer.identity.likeness import Likeness
from trainer.pipeline.context import RunContext
from trainer.pipeline.people import Records
from trainer.pipeline.snapshots import snapshot_dirs
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
    for directory in snapshot_dirs(context).values():
        images = pl.read_parquet(directory / "images.parquet", columns=["url", "sha256"])
        known.update(images.drop_nulls().filter(pl.col("url").is_in(wanted)).rows())
    pictures = {claim: [known[u] for u in own if u in known] for claim, own in urls.items()}
    return RecordFaces(pictures, cache)
