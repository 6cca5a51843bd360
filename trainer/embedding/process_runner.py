"""The embedder as a separate process group, in its own virtual environment."""

from __future__ import annotations

import logging
import signal
from pathlib import Path

from trainer.config.environment import for_program
from trainer.config.settings import REPO_ROOT, Settings
from trainer.errors import ConfigError, StageFailed
from trainer.processes.child import WatchdogExpired, run_child

log = logging.getLogger(__name__)

STOP_SECONDS = 60.0
KILLED = "killed: out of memory"


def run_process(settings: Settings, job_path: Path) -> str:
    """Run one job to its end, logging each line; returns the last line.

    When we are stopped it finishes the part in hand; when we are killed, so is it. Judge the
    outcome by `read_shard_result`.
    """
    if not settings.embedder_python.exists():
        raise ConfigError(
            f"{settings.embedder_python}: no such Python; run `make setup`, or set "
            "TRAINER_EMBEDDER_PYTHON, or TRAINER_EMBEDDER=docker"
        )
    last = ""

    def hear(line: str) -> None:
        nonlocal last
        last = line or last
        log.info(line)

    argv = [str(settings.embedder_python), "-m", "embedder", str(job_path)]
    try:
        code = run_child(
            argv,
            cwd=REPO_ROOT,
            environment=for_program(),
            log_file=job_path.with_name("embedder.log"),
            on_line=hear,
            stop_seconds=STOP_SECONDS,
            silence_seconds=settings.embedder_silence,
        )
    except WatchdogExpired:
        raise StageFailed(silent(settings.embedder_silence, last)) from None
    return f"{last} ({KILLED}, by all signs)" if code == -signal.SIGKILL else last


def silent(seconds: float, last: str) -> str:
    """What is said of an embedder that hangs."""
    return (
        f"the embedder said nothing for {seconds:g} s and was stopped (it last said: {last}); "
        "TRAINER_EMBEDDER_SILENCE is the limit; run the build again: it goes on from the parts "
        "that are written"
    )
