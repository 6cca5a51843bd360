"""select: which faces of which performers go into the release."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any, NamedTuple

import polars as pl
import pyarrow as pa

from trainer.adults.quarantine import QUARANTINE_FILE, read_owners
from trainer.exclusions.apply import mark_excluded
from trainer.exclusions.entries import read_exclusions
from trainer.faces.absent import absent, counts, write_absent
from trainer.faces.agreement import Numbers
from trainer.faces.cache import VECTOR_COLUMNS, FaceVectors, read_figures, read_vectors
from trainer.faces.cap_costs import cap_costs
from trainer.faces.confirmed import readmit
from trainer.faces.contamination import scan
from trainer.faces.duplicates import mark_conflicts, once
from trainer.faces.face_rules import questions, write_face_rules
from trainer.faces.limits import FaceLimits
from trainer.faces.measure_limits import measure_limits, measure_one_person
from trainer.faces.one_person import PEOPLE_COLUMNS, one_person_reviews
from trainer.faces.quarantine import mark_early, without_quarantined
from trainer.faces.select import (
    ACCEPTED,
    SEVERAL,
    SINGLE,
    Caps,
    cap,
    funnel,
    judge,
    selected,
    stages,
    stand_ins,
)
from trainer.faces.similar_performers import SimilarPerformers
from trainer.faces.trust import settle, with_rows
from trainer.identity.confirmations import confirmed_faces
from trainer.identity.decisions import read_identity_decisions
from trainer.identity.reviews import write_reviews
from trainer.reasons import in_words
from trainer.release.inputs import FACE_INPUT
from trainer.runs.context import Plan, RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.staging.atomic import write_sealed
from trainer.staging.frames import read_frame
from trainer.staging.parquet import GROUP, write_table, write_tables
from trainer.staging.paths import RunDir
from trainer.state.store import run_of

log = logging.getLogger(__name__)

_RECORD = ("source", "source_id", "page_url", "images", "deleted")  # what faces need of a record
_IMAGE = ("url", "sha256", "fetched_at", "run_id")
SEED = 20260101  # of the samples that limits and caps are measured on


class _Judged(NamedTuple):
    """Every face with its `rule`: of performers that may be released, and of `quarantined` ones."""

    faces: pl.DataFrame
    quarantined: pl.DataFrame
    vectors: FaceVectors
    limits: FaceLimits
    stand_ins: int  # pictures


def run(context: RunContext) -> dict[str, Any]:
    """Write the release's performers and faces, what became of all other faces, and reviews.

    Returns the figures of the selection.
    """
    judged = _judge(context)
    similar = _similar(context, judged.faces, judged.vectors)
    caps = _caps(context.plan, sorted(judged.faces["source"].unique()))
    capped = cap(judged.faces, caps)
    chosen = selected(capped, context.plan.params.min_faces)
    _write(context.run, chosen, judged.vectors)
    write_face_rules(context.run.select, capped, judged.quarantined)
    by_rule = funnel(capped)
    write_sealed(context.run.select / "funnel.json", by_rule)
    result = {
        "faces": len(chosen),
        "performers": chosen["performer_id"].n_unique(),
        "faces_per_performer": _by_number(context.run, chosen),
        "funnel": by_rule,
        "stages": stages(capped),
        "stand_ins": judged.stand_ins,
        "absent": _absent(context, capped, chosen),
        "limits": replace(judged.limits, one_person=similar.limits).as_json(),
        "cap_costs": [c._asdict() for c in cap_costs(capped, judged.vectors, caps, SEED)],
        "reviews": _reviews(context, similar, capped, judged.quarantined),
    }
    _log(result)
    return result


def _judge(context: RunContext) -> _Judged:
    """Give every candidate's faces a rule; write what the next build's scan goes on from."""
    cache = context.data.faces(context.plan.pack_id)
    judged = judge(_candidates(context), read_figures(cache))
    shared = stand_ins(judged)
    judged = mark_excluded(judged, read_exclusions(context.data))
    usable = judged.filter(pl.col("rule").is_in([SINGLE, SEVERAL]))
    vectors = read_vectors(cache, usable["image_sha256"])
    judged = once(mark_early(mark_conflicts(judged, vectors)))
    singles = judged.filter((pl.col("rule") == SINGLE) & ~pl.col("quarantined"))
    limits = measure_limits(singles, vectors, SEED)
    log.info(f"select: {limits.describe()}")
    remembered = _remembered(context, context.run.nearest_faces.name)
    judged, memory = scan(settle(judged, vectors, limits), vectors, limits, remembered)
    decided = read_identity_decisions(context.data)
    judged = readmit(judged, read_owners(context.run.resolve), confirmed_faces(decided))
    write_table(context.run.nearest_faces, memory.to_arrow())
    return _Judged(*without_quarantined(judged), vectors, limits, shared)


def _log(result: dict[str, Any]) -> None:
    log.info(
        f"select: {result['faces']} faces of {result['performers']} performers; "
        f"{in_words(result['funnel'])}; to review: {in_words(result['reviews'])}"
    )
    if result["stand_ins"]:
        log.info(
            f"select: {result['stand_ins']} pictures are stand-ins: too many performers share them"
        )


def _by_number(run: RunDir, chosen: pl.DataFrame) -> dict[str, int]:
    """Return how many performers who may be released have 0, 1, 2-4, or 5 faces and more."""
    everybody = read_frame(run.resolve / "performers.parquet", ["performer_id"])
    faces = everybody.join(chosen.group_by("performer_id").len(), on="performer_id", how="left")
    number = faces["len"].fill_null(0)
    least = {"0": (0, 0), "1": (1, 1), "2-4": (2, 4), "5+": (5, 1_000_000)}
    return {name: int(number.is_between(*bounds).sum()) for name, bounds in least.items()}


def _absent(context: RunContext, capped: pl.DataFrame, chosen: pl.DataFrame) -> dict[str, int]:
    """Write who was resolved and is not in the release; return how many, by reason."""
    directory = context.run.resolve
    performers = read_frame(directory / "performers.parquet")
    quarantined = read_frame(directory / QUARANTINE_FILE)
    with_faces_only = context.plan.params.min_faces > 0
    released = (chosen if with_faces_only else performers)["performer_id"].unique()
    found = absent(performers, quarantined, capped, released)
    write_absent(context.run.select, found)
    return counts(found)


def _similar(context: RunContext, judged: pl.DataFrame, vectors: FaceVectors) -> SimilarPerformers:
    """Return performers that may be one person, by their accepted faces; write what the next
    build goes on from."""
    accepted = judged.filter(pl.col("rule").is_in(ACCEPTED) & ~pl.col("disagrees"))
    limits = measure_one_person(accepted, vectors, SEED)
    similar = SimilarPerformers(
        accepted, vectors, limits, _remembered(context, context.run.similar_performers.name)
    )
    write_table(context.run.similar_performers, similar.memory.to_arrow())
    return similar


def _reviews(
    context: RunContext, similar: SimilarPerformers, capped: pl.DataFrame, quarantined: pl.DataFrame
) -> dict[str, int]:
    """Write what a person has to decide about faces; return how many, by kind."""
    performers = read_frame(context.run.resolve / "performers.parquet", [*PEOPLE_COLUMNS])
    splits = [d for d in read_identity_decisions(context.data) if d.action == "split"]
    reviews = [
        *questions(capped, frozenset(quarantined["performer_id"].unique())),
        *one_person_reviews(similar.pairs, performers, capped, splits),
    ]
    return write_reviews(context.run.select, reviews)


def _remembered(context: RunContext, name: str) -> pl.DataFrame | None:
    """Return what the last release's run compared, so that only changes are compared again; None
    where there is none of this model pack."""
    plan, data = context.plan, context.data
    run_id = run_of(data.state_db, plan.base_release) if plan.base_release else None
    if run_id is None:
        return None
    last = context.of_run(run_id)
    path = last.run.select / name
    if not path.exists() or last.plan.pack_id != plan.pack_id:
        return None
    return read_frame(path)


def _candidates(context: RunContext) -> pl.DataFrame:
    """Return every fetched picture that live records and pages of a performer show.

    Those of people in quarantine are among them: what is theirs is nobody else's.
    """
    sources = context.sources
    owners = read_owners(context.run.resolve)
    frames = []
    for source, directory in snapshot_dirs(context).items():
        records = read_frame(directory / "performers.parquet", _RECORD).filter(~pl.col("deleted"))
        images = read_frame(directory / "images.parquet", _IMAGE)
        fetched = images.filter(pl.col("sha256").is_not_null())
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
    """Return the caps: a source's is the stricter one of its configuration and the parameter."""
    per_source = {}
    for source in sources:
        config = plan.sources.get(source)
        limit = (
            config.max_faces if config and config.max_faces else plan.params.max_faces_per_source
        )
        per_source[source] = min(limit, plan.params.max_faces_per_source)
    return Caps(per_source, plan.params.max_faces_total)


def _write(run: RunDir, chosen: pl.DataFrame, vectors: FaceVectors) -> None:
    """Write faces.parquet as the release expects it, in its order."""
    known = chosen.rename({"url": "image_url", "fetched_at": "created_at"})
    rows = with_rows(chosen.select("image_sha256", "face_no"), vectors)["row"].to_numpy()
    plain = known.select(n for n in FACE_INPUT.names if n not in VECTOR_COLUMNS)
    groups = (slice(start, start + GROUP) for start in range(0, len(rows), GROUP))
    tables = (_with_vectors(plain[group], vectors, rows[group]) for group in groups)
    write_tables(run.select / "faces.parquet", FACE_INPUT, tables)


def _with_vectors(plain: pl.DataFrame, vectors: FaceVectors, rows: Numbers) -> pa.Table:
    table = plain.to_arrow()
    for slot in vectors.slots:
        table = table.append_column(slot, vectors.as_column(slot, rows))
    return table.select(FACE_INPUT.names).cast(FACE_INPUT)
