"""Child processes that never outlive us and never hear a signal that was meant for us."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from trainer.processes.groups import ends_with_parent, stop_groups
from trainer.processes.together import is_stopped, known_to_others
from trainer.processes.watchdog import Watchdog

STOP_SECONDS = 20.0


def run_child(
    argv: Sequence[str],
    *,
    cwd: Path,
    environment: Mapping[str, str],
    log_file: Path,
    on_line: Callable[[str], object],
    line_prefix: str = "",
    stop_seconds: float = STOP_SECONDS,
    silence_seconds: float | None = None,
) -> int:
    """Run `argv` in its own process group and return its exit code.

    Its output is appended to `log_file`; lines that start with `line_prefix` also go to `on_line`.
    When we are stopped (SIGTERM, Ctrl-C) the group gets SIGTERM, time to finish, then SIGKILL;
    where this is not the main thread, by whoever waits for it (`Together`).
    When we are killed outright, the kernel kills the child. A child that writes nothing for
    `silence_seconds` is killed, and `WatchdogExpired` is raised.
    """
    log_file.parent.mkdir(parents=True, exist_ok=True)
    limit = threading.TIMEOUT_MAX if silence_seconds is None else silence_seconds
    with (
        log_file.open("a", encoding="utf-8") as sink,
        _start(argv, cwd, environment) as child,
        known_to_others(child.pid),
        terminate_as_exception(),
    ):

        def keep(line: str) -> None:
            sink.write(line)
            sink.flush()
            if line.startswith(line_prefix):
                on_line(line.rstrip())

        try:
            code = _follow(child, keep, limit)
        except BaseException:
            stop_groups([child.pid], stop_seconds)
            child.wait()
            raise
        if is_stopped():
            raise Stopped("stopped with the others")
        return code


def _start(argv: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    """Start a child in its own process group, its output and errors in one pipe."""
    return subprocess.Popen(
        argv,
        cwd=cwd,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        start_new_session=True,
        preexec_fn=ends_with_parent(signal.SIGKILL),  # noqa: PLW1509
    )


def _follow(
    child: subprocess.Popen[str], on_line: Callable[[str], object], silence_seconds: float
) -> int:
    """Call `on_line` with each line of the child's output; return its exit code. Kill a child that
    is silent for too long, and raise `WatchdogExpired`."""
    assert child.stdout is not None
    with Watchdog(silence_seconds, lambda: stop_groups([child.pid], 0)) as watchdog:
        for line in child.stdout:
            with watchdog.paused():
                on_line(line)
        code = child.wait()
    if watchdog.broken:
        raise WatchdogExpired(silence_seconds)
    return code


class WatchdogExpired(Exception):
    """A child wrote nothing for this many seconds and was killed."""


class Stopped(BaseException):
    """SIGTERM arrived while a child was running, or whoever waits for this thread was stopped."""


@contextmanager
def terminate_as_exception() -> Iterator[None]:
    """Turn SIGTERM into `Stopped`, so that the child is stopped before we go; Ctrl-C is heard at
    once, where Polars' handler would let us wait for the child's next line."""

    def stop(number: int, _frame: object) -> None:
        raise Stopped(f"stopped by signal {number}")

    try:
        previous = signal.signal(signal.SIGTERM, stop)
        signal.siginterrupt(signal.SIGINT, True)
    except ValueError:  # not in the main thread: signals are someone else's business
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)
