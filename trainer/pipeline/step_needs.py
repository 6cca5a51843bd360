"""Which files of DATA_DIR a step needs: the words of its patterns, and what only its run, or
state.db, can name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator

from trainer.adults.quarantine import OWNERS_FILE
from trainer.embedding.runner import read_job
from trainer.object_store.patterns import Patterns
from trainer.runs.context import RunContext
from trainer.snapshots.store import IMAGES_FILE
from trainer.state.store import published_run_ids, read_snapshots, run_of


def filled(texts: Iterable[str], context: RunContext, key: str | None) -> Patterns:
    """Return patterns with the words of the run in their places, once per model pack; those of
    which a word is not known yet, before there is a plan, match nothing."""
    plan = context.plan if context.run.plan.exists() else None
    words = {
        "run": context.run.run_id,
        "key": key,
        "base": plan.base_release if plan else None,
        "version": plan.version_id if plan else None,
    }
    given = [words | {"model": model, "pack": pack} for model, pack in _packs(context)]
    return Patterns(found for text in texts for each in given if (found := _fill(text, each)))


def _packs(context: RunContext) -> list[tuple[str, str | None]]:
    """The folder and the id of each model pack; without a plan no ids."""
    settings = context.settings
    if not context.run.plan.exists():
        return [(name, None) for name in (settings.model_pack, *settings.further_packs)]
    plan = context.plan
    return [(settings.model_pack, plan.pack_id), *plan.further_packs.items()]


def _fill(text: str, words: dict[str, str | None]) -> str | None:
    for name, word in words.items():
        if f"{{{name}}}" in text and word is None:
            return None
        text = text.replace(f"{{{name}}}", word or "")
    return text


def needed(context: RunContext, name: str, key: str | None, runs: Collection[str]) -> list[str]:
    """Return paths and patterns, relative to DATA_DIR; `runs` are the ids of all runs."""
    return list(_NEEDS[name](context, key, runs))


def _snapshots(context: RunContext, key: str | None, runs: Collection[str]) -> Iterator[str]:
    """Yield the last good snapshot of each source."""
    for source, row in read_snapshots(context.data.state_db).items():
        yield f"runs/{context.data.run(row.run_id).run_id}/snapshot/{source}/*"


def _unpublished_images(
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
    folders = ("select", "packs/*/select")
    yield from _of_last_run(context, *(f"{f}/{name}" for f in folders for name in names))


def _current_release(context: RunContext, key: str | None, runs: Collection[str]) -> Iterator[str]:
    link = context.data.current
    if link.is_symlink():
        yield f"releases/{link.readlink().name}/**"


def _shard_images(context: RunContext, key: str | None, runs: Collection[str]) -> Iterator[str]:
    """Yield the pictures of one shard's job."""
    job = read_job(context.run.embed_shard(key or "") / "job.json")
    for sha256 in {*job.images, *job.scene_queries}:
        yield f"images/{sha256[:2]}/{sha256}"


_NEEDS: dict[str, Callable[[RunContext, str | None, Collection[str]], Iterator[str]]] = {
    "snapshots": _snapshots,
    "unpublished_pictures": _unpublished_images,
    "last_owners": _last_owners,
    "last_memories": _last_memories,
    "current_release": _current_release,
    "shard_pictures": _shard_images,
}
