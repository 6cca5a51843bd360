"""A person's decision over a DATA_DIR that is kept on an object store: it is made on the newest
commit, and is stored there or not at all.

Without `TRAINER_OBJECT_STORE` nothing happens here, and none of it is imported.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.config.decision_table import IMAGES
from trainer.config.settings import Settings
from trainer.errors import RetryLater, StageFailed, TrainerError
from trainer.pipeline.stored import inside

if TYPE_CHECKING:
    from trainer.object_store.session import Session

log = logging.getLogger(__name__)

DECISION = "a decision"  # one at a time on a machine


@contextmanager
def decided(settings: Settings, writes: tuple[str, ...]) -> Iterator[None]:
    """Bring all but images, and push what the block changed at paths of `writes`.

    Of images only names come, where it deletes any. Where the block fails, or another machine
    changed the same meanwhile (`RetryLater`), DATA_DIR is as it was. Raises `StageFailed` where a
    task at work on this machine changes the same.
    """
    if settings.object_store is None or inside.get():
        yield
        return
    from trainer.object_store.markers import marked

    token = inside.set(True)
    try:
        with marked(settings.data_dir, DECISION) as marker:
            if marker.exists():  # of one that was killed: it is no part of this one
                marker.rename(marker.with_name(f"task-{uuid.uuid4().hex}.json"))
            session = _begin(settings, writes, marker)
            with _stored_or_undone(session):
                yield
    finally:
        inside.reset(token)


@contextmanager
def _stored_or_undone(session: Session) -> Iterator[None]:
    from trainer.object_store.merge import ChangedElsewhere

    try:
        yield
        session.push()
    except ChangedElsewhere as error:
        _undo(session)
        raise RetryLater(
            f"{error.path} was changed by another machine meanwhile, and nothing of this is "
            "stored; try again, on what is there now"
        ) from error
    except BaseException:
        _undo(session)
        raise
    session.end()


def _begin(settings: Settings, writes: tuple[str, ...], marker: Path) -> Session:
    from trainer.object_store.compare import everything
    from trainer.object_store.markers import Scope
    from trainer.object_store.open_store import open_store
    from trainer.object_store.patterns import Patterns
    from trainer.object_store.session import Session

    store = open_store(settings)
    assert store is not None
    _refuse_beside(settings.data_dir, writes, marker)
    session = Session.begin(store, settings.data_dir, DECISION, marker)
    lists = Patterns([IMAGES] if IMAGES in writes else [])
    session.bring(everything(session.checkout, images=False), lists)
    session.write_in(Scope(writes=Patterns(writes)))
    return session


def _refuse_beside(root: Path, writes: tuple[str, ...], marker: Path) -> None:
    """A task at work here pushes what it finds at its paths, a decision's half, too."""
    from trainer.object_store.local import Local
    from trainer.object_store.markers import markers
    from trainer.object_store.patterns import Patterns

    for task in markers(root, marker)[0]:
        here = (*writes, *Local.open(root).walk(Patterns(writes)))
        if any(path in task.scope.everything for path in here):
            raise StageFailed(f"{task.task} is at work in {root}; wait for its end, and try again")


def _undo(session: Session) -> None:
    from trainer.object_store.undo import undo

    with suppress(OSError, TrainerError):  # the next task on this machine does it
        undo(session)
