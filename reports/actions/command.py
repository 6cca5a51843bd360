"""Work that takes minutes, by `trainer ...` in its own process: it goes on without its page."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import IO, NamedTuple

from reports.actions.role import require_operator
from trainer.config.settings import REPO_ROOT
from trainer.staging.paths import DataDir

_TRAINER = (sys.executable, "-m", "trainer")
_MOST = 100_000  # bytes of output that a page shows


@dataclass(frozen=True)
class Command:
    """A command at work, or one that has ended; `title` says what it does."""

    title: str
    process: subprocess.Popen[bytes]
    output: IO[bytes]


class Outcome(NamedTuple):
    done: bool
    lines: list[str]


def start(data: DataDir, title: str, *arguments: str) -> Command:
    """Start `trainer ARGUMENTS` on `data`, the first of them the command (`models fetch`); raises
    `NotAllowed` for a viewer."""
    require_operator()
    output = tempfile.TemporaryFile()  # noqa: SIM115 - read when the command has ended
    name, *rest = arguments
    process = subprocess.Popen(
        [*_TRAINER, *name.split(), "--data-dir", str(data.root), *rest],
        cwd=REPO_ROOT,
        stdout=output,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        start_new_session=True,  # goes on when the pages are stopped
    )
    return Command(title, process, output)


def last_line(command: Command) -> str:
    """What a command at work said last; empty before it has said anything."""
    return (_lines(command) or [""])[-1]


def outcome(command: Command) -> Outcome | None:
    """What the command said; None while it is at work."""
    code = command.process.poll()
    if code is None:
        return None
    return Outcome(
        code == 0, _lines(command) or [f"the command ended with {code}; try it in a terminal"]
    )


def _lines(command: Command) -> list[str]:
    """The end of its output, read without moving the place where the command writes."""
    number = command.output.fileno()
    start = max(0, os.fstat(number).st_size - _MOST)
    return os.pread(number, _MOST, start).decode(errors="replace").splitlines()
