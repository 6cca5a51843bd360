"""A step over a DATA_DIR that is kept on an object store: its files come before, and go after.

Without `TRAINER_OBJECT_STORE` nothing happens here, and none of it is imported.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config.settings import Settings
from trainer.config.step_files import COMMON, CONFIGURATION, RECORDS, RUN, STEP_FILES
from trainer.errors import TrainerError
from trainer.pipeline.step_needs import needed
from trainer.reasons import reason
from trainer.runs.context import Plan, RunContext

if TYPE_CHECKING:
    from trainer.object_store.patterns import Patterns
    from trainer.object_store.session import Session

log = logging.getLogger(__name__)

_inside: ContextVar[bool] = ContextVar("_inside", default=False)


@contextmanager
def stored(settings: Settings, run_id: str, step: str, key: str | None = None) -> Iterator[None]:
    """Bring what `step` reads, and push what it wrote, also where it failed.

    Within another step's block nothing happens: its files are that one's.
    """
    if settings.object_store is None or _inside.get():
        yield
        return
    from trainer.object_store.markers import marked

    label = step if key is None else f"{step}-{key}"
    seconds = settings.object_store_minutes * 60
    token = _inside.set(True)
    try:
        with marked(settings.data_dir, f"{label} of {run_id}") as marker:
            session = _begin(settings, RunContext.open(settings, run_id), step, key, marker)
            parts = session.pushing_parts(seconds) if STEP_FILES[step].long else nullcontext()
            with _pushed(session), parts:
                yield
    finally:
        _inside.reset(token)


def bring_for_build(settings: Settings) -> None:
    """Bring what says whether a build goes on with an interrupted run."""
    if settings.object_store is None:
        return
    from trainer.object_store.mirror import bring
    from trainer.object_store.store import open_store

    store = open_store(settings)
    assert store is not None
    bring(store, settings.data_dir, (*CONFIGURATION, *RECORDS), ("releases/**",))


@contextmanager
def _pushed(session: Session) -> Iterator[None]:
    try:
        yield
    except Exception:
        try:
            session.push()
            session.end()
        except (TrainerError, OSError) as error:  # what failed first is what a person has to read
            log.warning(f"objects: what {session.task} wrote is not pushed: {reason(error)}")
        raise
    session.push()
    session.end()


def _begin(
    settings: Settings, context: RunContext, step: str, key: str | None, marker: Path
) -> Session:
    """Bring what the step reads: first what says which files these are."""
    from trainer.object_store.markers import Scope
    from trainer.object_store.patterns import Patterns
    from trainer.object_store.session import Session
    from trainer.object_store.store import open_store

    store = open_store(settings)
    assert store is not None
    files, label = STEP_FILES[step], step if key is None else f"{step}-{key}"
    task = f"{label} of {context.run.run_id}"
    session = Session.begin(store, settings.data_dir, task, marker)
    session.bring(_filled(COMMON, context, key))  # the plan, which has words of the others
    reads = _filled(files.reads, context, key)
    session.bring(reads)
    runs = session.checkout.folders("runs")
    wanted = Patterns(path for name in files.needs for path in needed(context, name, key, runs))
    session.bring(reads | wanted, _filled(files.lists, context, key))
    session.write_in(
        Scope(
            _filled((*files.writes, f"{RUN}/steps/{label}.json"), context, key),
            _filled((*files.adds, f"{RUN}/notified/*"), context, key),
            _filled(files.edits, context, key),
        )
    )
    return session


def _filled(texts: Collection[str], context: RunContext, key: str | None) -> Patterns:
    """Return patterns with the words of the run in their places; those of which a word is not
    known yet, before there is a plan, match nothing."""
    from trainer.object_store.patterns import Patterns

    plan = context.plan if context.run.plan.exists() else None
    words = {
        "run": context.run.run_id,
        "key": key,
        "base": plan.base_release if plan else None,
        "version": plan.version_id if plan else None,
    }
    found: list[str] = []
    for model, pack in _packs(context, plan).items():
        every = {**words, "model": model, "pack": pack}
        known = {name: word for name, word in every.items() if word is not None}
        unknown = [f"{{{name}}}" for name in every.keys() - known.keys()]
        possible = [text for text in texts if not any(word in text for word in unknown)]
        found += [text.format_map(known) for text in possible]
    return Patterns(dict.fromkeys(found))


def _packs(context: RunContext, plan: Plan | None) -> dict[str, str | None]:
    """The folder of each model pack, and its cache where there is a plan."""
    settings = context.settings
    if plan is None:
        return dict.fromkeys((settings.model_pack, *settings.further_packs))
    return {settings.model_pack: plan.pack_id, **plan.further_packs}
