"""A step over a DATA_DIR that is kept on an object store: its files come before, and go after.

Without `TRAINER_OBJECT_STORE` nothing happens here, and none of it is imported.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config.settings import Settings
from trainer.config.step_files import COMMON, CONFIGURATION, RECORDS, RUN
from trainer.config.step_table import STEP_FILES
from trainer.errors import RetryLater, TrainerError
from trainer.pipeline.step_needs import filled, needed
from trainer.reasons import reason
from trainer.runs.context import RunContext

if TYPE_CHECKING:
    from trainer.object_store.session import Session

log = logging.getLogger(__name__)

_AGAIN_SECONDS = 15.0  # a person's decision, or another build's release, came in between
inside: ContextVar[bool] = ContextVar("inside", default=False)  # of another one's block


@contextmanager
def stored(settings: Settings, run_id: str, step: str, key: str | None = None) -> Iterator[None]:
    """Bring what `step` reads, and push what it wrote, also where it failed.

    Within another step's block nothing happens: its files are that one's.
    """
    if settings.object_store is None or inside.get():
        yield
        return
    from trainer.object_store.markers import marked
    from trainer.object_store.parts import pushing_parts

    label = step if key is None else f"{step}-{key}"
    seconds = settings.object_store_minutes * 60
    token = inside.set(True)
    try:
        with marked(settings.data_dir, f"{label} of {run_id}") as marker:
            session = _begin(settings, RunContext.open(settings, run_id), step, key, marker)
            parts = pushing_parts(session, seconds) if STEP_FILES[step].long else nullcontext()
            with _pushed(session), parts:
                yield
    finally:
        inside.reset(token)


def bring_records(settings: Settings, *more: str) -> None:
    """Bring what says which runs there are and how they ended, and files of the patterns `more`."""
    bring_files(settings, *RECORDS, *more, lists=("releases/**",))


def bring_files(settings: Settings, *more: str, lists: tuple[str, ...] = ()) -> None:
    """Bring the configuration, state.db, and files of the patterns `more`, outside of a step; of
    `lists` only names."""
    if settings.object_store is None:
        return
    from trainer.object_store.mirror import bring_some
    from trainer.object_store.open_store import open_store

    store = open_store(settings)
    assert store is not None
    bring_some(store, settings.data_dir, (*CONFIGURATION, *more), lists)


@contextmanager
def _pushed(session: Session) -> Iterator[None]:
    from trainer.object_store.merge import ChangedElsewhere

    try:
        yield
    except Exception:
        try:
            session.push()
            session.end()
        except (TrainerError, OSError) as error:  # what failed first is what a person has to read
            log.warning(f"objects: what {session.task} wrote is not pushed: {reason(error)}")
        raise
    try:
        session.push()
    except ChangedElsewhere as error:  # the next try drops what is here, and begins with theirs
        raise RetryLater(
            f"{error.path} was changed by another machine while {session.task} was at work, and "
            "nothing of its work is stored; run it again, and it begins with what is there now",
            retry_after=_AGAIN_SECONDS,
        ) from error
    session.end()


def _begin(
    settings: Settings, context: RunContext, step: str, key: str | None, marker: Path
) -> Session:
    """Bring what the step reads: first what says which files these are."""
    from trainer.object_store.markers import Scope
    from trainer.object_store.open_store import open_store
    from trainer.object_store.patterns import Patterns
    from trainer.object_store.session import Session

    store = open_store(settings)
    assert store is not None
    files, label = STEP_FILES[step], step if key is None else f"{step}-{key}"
    task = f"{label} of {context.run.run_id}"
    session = Session.begin(store, settings.data_dir, task, marker)
    session.bring(filled(COMMON, context, key))  # the plan, which has words of the others
    reads = filled(files.reads, context, key)
    session.bring(reads)
    runs = session.checkout.folders("runs")
    wanted = Patterns(path for name in files.needs for path in needed(context, name, key, runs))
    session.bring(reads | wanted, filled(files.lists, context, key))
    session.write_in(
        Scope(
            filled((*files.writes, f"{RUN}/steps/{label}.json"), context, key),
            filled((*files.adds, f"{RUN}/notified/*"), context, key),
            filled(files.edits, context, key),
        )
    )
    return session
