"""The embedder beside the crawls: what was fetched is embedded while more is asked for.

Whoever plans further requests then knows what was found; `embed` does what is left. Nothing here
is needed for a release: where it fails, it stops, and `embed` says what is wrong.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread

from trainer.pipeline.embed_batches import EmbedBatches
from trainer.pipeline.waiting_images import WaitingImages
from trainer.reasons import reason
from trainer.runs.beside import Beside, read_beside, write_beside
from trainer.runs.context import RunContext
from trainer.staging.clock import iso, now

log = logging.getLogger(__name__)

LOOK_SECONDS = 10.0  # also how often it says that it is there


class EmbedderBeside:
    """Embeds a run's pictures in batches until its crawls are over."""

    def __init__(self, context: RunContext, look_seconds: float = LOOK_SECONDS) -> None:
        self._context = context
        self._look_seconds = look_seconds
        self._least = context.settings.embed_beside
        self._images = WaitingImages(context)
        self._batches: EmbedBatches | None = None
        self._state = read_beside(context.run) or Beside(looked_at=iso(now()))
        self._lock = Lock()
        self._had = 0  # pictures that waited when it looked last

    def run(self, is_over: Callable[[], bool]) -> Beside:
        """Work until `is_over`, or until something fails, which is logged. Return its figures."""
        try:
            while not is_over():
                waiting = self._images.look()
                if self._is_due(waiting):
                    self._embed()
                else:
                    self._rest(waiting, is_over)
        except Exception as error:  # nothing that a release needs: `embed` meets it again
            log.warning(f"embed_beside: {reason(error)}; the rest is embedded after the crawls")
        return self._state

    def _is_due(self, waiting: int) -> bool:
        """A batch is full; or it has begun, and no more come: a crawl may be waiting for it."""
        grew, self._had = waiting > self._had, waiting
        return waiting >= self._least or bool(self._batches and waiting and not grew)

    def _rest(self, waiting: int, is_over: Callable[[], bool]) -> None:
        """Look again later. Before the first batch nobody is told that an embedder is there."""
        began = time.monotonic()
        if self._batches:
            self._say(waiting)
        while time.monotonic() < began + self._look_seconds and not is_over():
            time.sleep(min(1.0, self._look_seconds))
        if self._batches and not waiting:
            self._state.idle_seconds += time.monotonic() - began

    def _embed(self) -> None:
        self._batches = self._batches or EmbedBatches(self._context)
        began = time.monotonic()
        batch = self._images.take(self._batches.most)
        with self._heard(len(batch) + self._images.look()):
            if batch:
                self._batches.embed(batch)
        self._state.batches += 1
        self._state.pictures += len(batch)
        self._state.busy_seconds += time.monotonic() - began
        self._had = 0
        self._say(self._images.look())
        figures = f"{self._state.pictures} pictures so far, idle {self._state.idle_percent}%"
        log.info(f"embed_beside: {len(batch)} pictures embedded; {figures}")

    @contextmanager
    def _heard(self, waiting: int) -> Iterator[None]:
        """Say again and again that it is at work."""
        stop = Event()

        def say() -> None:
            while not stop.is_set():
                self._say(waiting)
                stop.wait(self._look_seconds)

        ticker = Thread(target=say, daemon=True)
        ticker.start()
        try:
            yield
        finally:
            stop.set()
            ticker.join()

    def _say(self, waiting: int) -> None:
        with self._lock:
            self._state.looked_at, self._state.waiting = iso(now()), waiting
            write_beside(self._context.run, self._state)
