"""select: which faces of which performers go into the release."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa

from trainer.config.sources import load_sources
from trainer.faces.cache import VECTOR_COLUMNS, FaceVectors, read_figures, read_vectors
from trainer.faces.contamination import scan
from trainer.faces.duplicates import mark_conflicts, once
from trainer.faces.kept_out import mark_early, without_quarantined
from trainer.faces.select import SEVERAL, SINGLE, Caps, cap, funnel, judge, selected, stages
from trainer.faces.trust import settle, with_rows
from trainer.faces.verdicts import questions, write_verdicts
from trainer.identity.reviews import write_reviews
from trainer.pipeline.adults import read_owners
from trainer.pipeline.context import Plan, RunContext
from trainer.pipeline.exclude import mark_excluded
from trainer.pipeline.run import Say
from trainer.pipeline.snapshots import snapshot_dirs
from trainer.policy.exclusions import read_exclusions
from trainer.reasons import in_words
from trainer.release.inputs import FACE_INPUT, PERFORMER_INPUT
from trainer.staging.atomic import write_json
from trainer.staging.parquet import read_table, write_table
from trainer.state.store import run_of

NEAREST_FILE = "nearest.parquet"


def run(context: RunContext, say: Say) -> dict[str, Any]:
    plan, cache = context.plan, context.data.faces(context.plan.pack_id)
    judged = judge(_candidates(context), read_figures(cache))
    judged = mark_excluded(judged, read_exclusions(context.data))
    usable = judged.filter(pl.col("rule").is_in([SINGLE, SEVERAL]))
    vectors = read_vectors(cache, usable["image_sha256"])
    judged = once(mark_early(mark_conflicts(judged, vectors)))
    remembered = _remembered(context)
    judged, memory = scan(settle(judged, vectors), vectors, remembered=remembered)
    write_table(context.run.select / NEAREST_FILE, memory.to_arrow())
    judged, kept_out = without_quarantined(judged)
    capped = cap(judged, _caps(plan, sorted(judged["source"].unique())))
    chosen = selected(capped, plan.params.min_faces)
    _write(context, chosen, vectors)
    write_verdicts(context.run.select, capped, kept_out)
    quarantined = frozenset(kept_out["performer_id"].unique())
    reviews = write_reviews(context.run.select, questions(capped, quarantined))
    counts = funnel(capped)
    write_json(context.run.select / "funnel.json", counts)
    way = stages(capped)
    performers = chosen["performer_id"].n_unique()
    say(
        f"select: {len(chosen)} faces of {performers} performers; {in_words(counts)}; "
        f"to review: {in_words(reviews)}"
    )
    return {
        "faces": len(chosen),
        "performers": performers,
        "funnel": counts,
        "stages": way,
        "reviews": reviews,
    }


def _remembered(context: RunContext) -> pl.DataFrame | None:
    """What the last release's run found nearest to each face: only what changed is searched."""
    plan, data = context.plan, context.data
    run_id = run_of(data.state_db, plan.base_release) if plan.base_release else None
    if run_id is None:
        return None
    last = RunContext.open(context.settings, run_id)
    path = last.run.select / NEAREST_FILE
    if not path.exists() or last.plan.pack_id != plan.pack_id:
        return None
    return pl.DataFrame(pl.from_arrow(read_table(path)))


def _candidates(context: RunContext) -> pl.DataFrame:
    """Every picture that a live performer's records and pages advertise and that was fetched.

    Those of people in quarantine are among them: what is theirs is nobody else's.
    """
    sources = load_sources(context.settings.data_dir) | context.plan.sources
    owners = read_owners(context.run.resolve)
    frames = []
    for source, directory in snapshot_dirs(context).items():
        records = pl.read_parquet(directory / "performers.parquet").filter(~pl.col("deleted"))
        images = pl.read_parquet(directory / "images.parquet")
        fetched = images.filter(pl.col("sha256").is_not_null()).select(
            "url", "sha256", "fetched_at", "run_id"
        )
        frames.append(
            records.select("source", "source_id", "page_url", pl.col("images"))
            .join(owners, on=["source", "source_id"])
            .with_columns(pl.int_ranges(pl.col("images").list.len()).alias("position"))
            .explode("images", "position")
            .drop_nulls("images")
            .with_columns(
                pl.col("images").struct.field("url"),
                pl.col("images").struct.field("fallback_for"),
            )
            .join(fetched, on="url")
            .join(fetched.select("url"), left_on="fallback_for", right_on="url", how="anti")
            .select(
                "performer_id",
                pl.lit(source).alias("source"),
                pl.lit(sources[source].trust).alias("trust"),
                "url",
                "page_url",
                "position",
                pl.col("sha256").alias("image_sha256"),
                "fetched_at",
                "run_id",
                "quarantined",
                "adult_from",
            )
        )
    return pl.concat(frames)


def _caps(plan: Plan, sources: list[str]) -> Caps:
    """A source's own cap is the stricter one of its configuration and the run's parameter."""
    per_source = {}
    for source in sources:
        config = plan.sources.get(source)
        own = config.max_faces if config and config.max_faces else plan.params.max_faces_per_source
        per_source[source] = min(own, plan.params.max_faces_per_source)
    return Caps(per_source, plan.params.max_faces_total)


def _write(context: RunContext, chosen: pl.DataFrame, vectors: FaceVectors) -> None:
    """performers.parquet and faces.parquet as the release expects them, in release order."""
    performers = read_table(context.run.resolve / "performers.parquet")
    if context.plan.params.min_faces > 0:
        kept = pa.array(chosen["performer_id"].unique().to_list(), pa.int64())
        mask = pa.compute.is_in(performers.column("performer_id"), value_set=kept)
        performers = performers.filter(mask)
    write_table(context.run.select / "performers.parquet", performers.cast(PERFORMER_INPUT))
    known = chosen.rename({"url": "image_url", "fetched_at": "created_at"})
    rows = with_rows(chosen.select("image_sha256", "face_no"), vectors)["row"].to_numpy()
    table = known.select(n for n in FACE_INPUT.names if n not in VECTOR_COLUMNS).to_arrow()
    for slot, column in vectors.each(lambda slot: vectors.as_column(slot, rows)).items():
        table = table.append_column(slot, column)
    write_table(
        context.run.select / "faces.parquet", table.select(FACE_INPUT.names).cast(FACE_INPUT)
    )
