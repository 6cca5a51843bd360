"""Finished parts of a long task are pushed while it goes on."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from trainer.errors import TrainerError
from trainer.object_store.session import Session

log = logging.getLogger(__name__)


@contextmanager
def pushing_parts(session: Session, seconds: float) -> Iterator[None]:
    """Push what is finished so far every `seconds` while the block runs: a machine that dies costs
    no more than that, wherever the task is tried again."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(seconds):
            try:
                session.push_parts()
            except (TrainerError, OSError) as error:
                log.info(f"objects: parts of {session.task} are not pushed yet: {error}")

    thread = threading.Thread(target=work, name="objects", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
