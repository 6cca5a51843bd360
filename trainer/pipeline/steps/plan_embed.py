"""plan_embed: fold the reference crawls, and list the pictures that have no faces yet."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trainer.config.jobs import EmbedJob
from trainer.embedding.device import choose_device
from trainer.embedding.doubtful import doubtful_images
from trainer.embedding.pack import PACK_FILE, read_pack
from trainer.exclusions.apply import excluded_images
from trainer.exclusions.crawl_notes import exclusions_of
from trainer.exclusions.entries import read_exclusions
from trainer.exclusions.redact_tables import Redaction, redact
from trainer.faces.cache import cache_parts, cached_images
from trainer.pipeline.embed_batches import BATCHES, embedded_beside
from trainer.pipeline.further_packs import cached_by_all, places, queries_of_further
from trainer.pipeline.scene_queries import images_to_degrade, why_not_embedded
from trainer.runs.context import Plan, RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.snapshots.store import fold_snapshot
from trainer.staging.atomic import write_sealed
from trainer.staging.frames import read_frame
from trainer.state.store import read_identities

log = logging.getLogger(__name__)


def run(context: RunContext) -> dict[str, Any]:
    plan = context.plan
    excluded = read_exclusions(context.data).claims
    for source in plan.references:
        fold_snapshot(context, source, excluded=excluded)
    directories = snapshot_dirs(context).values()
    images = _images(directories)
    wanted = images - excluded_images(
        directories, exclusions_of(context), read_identities(context.data.state_db)
    )
    again = _forget_stale(context, wanted) if plan.params.enable_faces else 0
    cached = cached_images(context.data.faces(plan.pack_id))
    missing = sorted(wanted - cached_by_all(context, cached)) if plan.params.enable_faces else []
    present = [sha for sha in missing if context.data.image(sha).exists()]
    queries = images_to_degrade(context, wanted)
    further = queries_of_further(context, wanted)
    shards = _write_jobs(context, plan, present, queries, further)
    figures = {
        "pictures": len(wanted),
        "already": max(len(wanted & cached) - embedded_beside(context.run), 0),
        "excluded": len(images) - len(wanted),
        "to_embed": len(present),
        "bytes_gone": len(missing) - len(present),
        "again": again,
        "scene_queries": len(queries),
        "no_scene_queries": why_not_embedded(context),
        "shards": shards,
    }
    off = figures["no_scene_queries"]
    copies = f"none, {off}" if off else f"of {len(queries)} more pictures"
    log.info(f"plan_embed: degraded copies to measure the release by: {copies}")
    once_more = f" ({again} once more: they may be turned)" if again else ""
    known = f"{figures['already']} embedded before"
    log.info(f"plan_embed: {len(present)} pictures to embed{once_more}, {known}")
    return figures


def _forget_stale(context: RunContext, wanted: set[str]) -> int:
    """Take pictures out of the face cache that may be turned, and that older trainers embedded as
    they are, so that they are embedded again; how many. Those whose bytes are gone stay."""
    data, pack_id = context.data, context.plan.pack_id
    model_dir = data.model_pack(context.settings.model_pack)
    if not (model_dir / PACK_FILE).exists():
        return 0
    rule = read_pack(model_dir, verify_files=False).detector
    doubtful = doubtful_images(data.faces(pack_id), rule)
    stale = frozenset(sha for sha in doubtful & wanted if data.image(sha).exists())
    if stale:
        out = Redaction(frozenset(), stale, frozenset(), frozenset())
        for part in cache_parts(data.faces(pack_id)):
            redact(part, out)
    return len(stale)


def _images(directories: Iterable[Path]) -> set[str]:
    """sha256 of every picture that the snapshots hold."""
    found: set[str] = set()
    for directory in directories:
        images = read_frame(directory / "images.parquet", ["sha256"])
        found.update(images["sha256"].drop_nulls().to_list())
    return found


def _write_jobs(
    context: RunContext,
    plan: Plan,
    images: list[str],
    queries: list[str],
    further: dict[str, list[str]],
) -> list[str]:
    """One job file a shard, by hash prefix; an empty shard gets none."""
    settings, data = context.settings, context.data
    shards, degraded = (_shards(some, settings.embed_shards) for some in (images, queries))
    data.faces(plan.pack_id).mkdir(parents=True, exist_ok=True)
    others = {pack: _shards(some, settings.embed_shards) for pack, some in further.items()}
    names = sorted({*shards, *degraded, *(name for some in others.values() for name in some)})
    device = choose_device(settings) if names else "cpu"
    for shard in names:
        job = EmbedJob(
            run_id=plan.run_id,
            shard=shard,
            images_dir=data.images,
            model_dir=data.model_pack(settings.model_pack),
            pack_id=plan.pack_id,
            cache_dir=data.faces(plan.pack_id),
            report_dir=context.run.embed_shard(shard),
            images=shards.get(shard, []),
            scene_queries=degraded.get(shard, []),
            further=places(context, {pack: some.get(shard, []) for pack, some in others.items()}),
            device=device,
            precision=settings.precision,
            **BATCHES["cpu" if device == "cpu" else "gpu"],
            started_at=plan.started_at,
        )
        write_sealed(context.run.embed_shard(shard) / "job.json", job.model_dump(mode="json"))
    return names


def _shards(images: list[str], count: int) -> dict[str, list[str]]:
    shards: dict[str, list[str]] = defaultdict(list)
    for sha in sorted(images):
        number = int(sha[:8], 16) * count >> 32
        shards[f"{number:03d}-of-{count:03d}"].append(sha)
    return shards
