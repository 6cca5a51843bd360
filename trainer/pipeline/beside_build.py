"""The step `embed_beside` as a process of its own, for `trainer build`: its crawls go on meanwhile.

`python -m trainer.pipeline.beside_build RUN_ID` is that process.
"""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from trainer.config.environment import for_trainer
from trainer.config.settings import REPO_ROOT, Settings
from trainer.log_lines import log_plainly
from trainer.pipeline.steps import embed_beside
from trainer.processes.child import Stopped
from trainer.processes.groups import ends_with_parent, stop_groups
from trainer.runs.activity import progress_files
from trainer.runs.context import RunContext
from trainer.staging.paths import RunDir
from trainer.staging.progress import read_progress

log = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
STOP_SECONDS = 70.0  # the embedder finishes the part in hand


@contextmanager
def embedding_beside(context: RunContext) -> Iterator[None]:
    """While the block crawls, embed beside it, as soon as enough pictures were fetched."""
    if embed_beside.why_not(context):
        yield
        return
    over, stopped = Event(), Event()
    watcher = Thread(target=_watch, args=(context, over, stopped), daemon=True)
    watcher.start()
    try:
        yield
    except BaseException:
        stopped.set()
        raise
    finally:
        over.set()
        watcher.join()


def _watch(context: RunContext, over: Event, stopped: Event) -> None:
    """Start the process when it has something to do, and wait for its end; stop it where the build
    is stopped."""
    while not over.wait(LOOK_SECONDS):
        if _fetched(context.run) >= context.settings.embed_beside:
            _run(context, over, stopped)
            return


def _run(context: RunContext, over: Event, stopped: Event) -> None:
    path = context.run.log("embed_beside")
    path.parent.mkdir(parents=True, exist_ok=True)
    log.info(f"embed_beside: started beside the crawls; its log is {path}")
    with path.open("a", encoding="utf-8") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "trainer.pipeline.beside_build", context.run.run_id],
            cwd=REPO_ROOT,
            env={**for_trainer(), "DATA_DIR": str(context.data.root)},
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGTERM),  # noqa: PLW1509
        )
        over.wait()
        if stopped.is_set():
            stop_groups([process.pid], STOP_SECONDS)
        process.wait()  # it ends by itself when the crawls have: with the batch in hand


def _fetched(run: RunDir) -> int:
    """How many pictures the crawls of a run have asked for."""
    total = 0
    for path in progress_files(run):
        with suppress(OSError, ValueError):
            figures = read_progress(path.parent) or {}
            total += figures.get("done", 0) if figures.get("unit") == "pictures" else 0
    return total


def main(run_id: str) -> int:
    """Embed beside the crawls of a run until they are over, or until a signal says so."""
    log_plainly("stdout")
    context = RunContext.open(Settings.load(), run_id)
    with suppress(Stopped):
        embed_beside.run(context)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
