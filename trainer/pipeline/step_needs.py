"""Files of DATA_DIR that a step needs and that only its run, or state.db, can name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from trainer.adults.quarantine import OWNERS_FILE
from trainer.embedding.runner import read_job
from trainer.runs.context import RunContext
from trainer.snapshots.store import IMAGES_FILE
from trainer.staging.paths import PACKS
from trainer.state.store import published_run_ids, read_snapshots, run_of


def needed(context: RunContext, name: str, key: str | None, runs: Collection[str]) -> list[str]:
    """Return paths and patterns, relative to DATA_DIR; `runs` are the ids of all runs."""
    return list(_NEEDS[name](context, key, runs))


def _snapshots(context: RunContext, key: str | None, runs: Collection[str]) -> Iterator[str]:
    """Yield the last good snapshot of each source."""
    for source, row in read_snapshots(context.data.state_db).items():
        yield f"runs/{context.data.run(row.run_id).run_id}/snapshot/{source}/*"


def _unpublished_pictures(
    context: RunContext, key: str | None, runs: Collection[str]
) -> Iterator[str]:
    """Yield what runs fetched that no release was published from."""
    published = published_run_ids(context.data.state_db)
    for run_id in sorted(set(runs) - published):
        yield f"runs/{run_id}/staging/*/images-*.parquet"
        yield f"runs/{run_id}/snapshot/*/{IMAGES_FILE}"


def _of_last_run(context: RunContext, *paths: str) -> Iterator[str]:
    base = context.plan.base_release
    run_id = run_of(context.data.state_db, base) if base else None
    if run_id is not None:
        yield from (f"runs/{run_id}/{path}" for path in ("plan.json", *paths))


def _last_owners(context: RunContext, key: str | None, runs: Collection[str]) -> Iterator[str]:
    """Yield whose record is whose, as the last release has it."""
    yield from _of_last_run(context, f"resolve/{OWNERS_FILE}")


def _last_memories(context: RunContext, key: str | None, runs: Collection[str]) -> Iterator[str]:
    """Yield what the last release's run compared."""
    names = (context.run.nearest_faces.name, context.run.similar_performers.name)
    yield from _of_last_run(context, *(f"select/{name}" for name in names))
    yield from _of_last_run(context, *(f"{PACKS}/*/select/{name}" for name in names))


def _current_release(context: RunContext, key: str | None, runs: Collection[str]) -> Iterator[str]:
    link = context.data.current
    if link.is_symlink():
        yield f"releases/{link.readlink().name}/**"


def _shard_pictures(context: RunContext, key: str | None, runs: Collection[str]) -> Iterator[str]:
    """Yield the pictures of one shard's job."""
    job = read_job(context.run.embed_shard(key or "") / "job.json")
    further = {sha256 for place in job.further for sha256 in place.scene_queries}
    for sha256 in {*job.images, *job.scene_queries, *further}:
        yield f"images/{sha256[:2]}/{sha256}"


_NEEDS: dict[str, Callable[[RunContext, str | None, Collection[str]], Iterator[str]]] = {
    "snapshots": _snapshots,
    "unpublished_pictures": _unpublished_pictures,
    "last_owners": _last_owners,
    "last_memories": _last_memories,
    "current_release": _current_release,
    "shard_pictures": _shard_pictures,
}
