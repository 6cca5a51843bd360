"""Starts servers, each in a process group of its own, and leaves none behind."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from trainer.errors import TrainerError

_PR_SET_PDEATHSIG = 1
TAIL_LINES = 25
KILL_SECONDS = 3.0  # until init has taken in the orphans of a killed group


class ServiceError(TrainerError):
    """A server that did not start, or ended by itself; the message has the end of its log."""


@dataclass(frozen=True)
class Service:
    name: str
    argv: tuple[str, ...]


@dataclass
class Supervisor:
    """Runs services with one environment; `logs` gets a `<name>.log` each.

    With `die_with_parent` the kernel stops them (SIGTERM) should this process be killed;
    without it they outlive it, for servers that stay up in the background.
    """

    environment: Mapping[str, str]
    cwd: Path
    logs: Path
    die_with_parent: bool = True
    stop_seconds: float = 20.0
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, service: Service) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log_of(service.name).open("ab") as log:
            self.running[service.name] = subprocess.Popen(
                service.argv,
                cwd=self.cwd,
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_terminate_with_parent if self.die_with_parent else None,  # noqa: PLW1509
            )

    def run(self, service: Service, seconds: float) -> None:
        """Run a command to its end; raises `ServiceError` when it fails or takes too long."""
        self.start(service)
        try:
            code = self.running[service.name].wait(seconds)
        except subprocess.TimeoutExpired:
            raise ServiceError(
                f"{service.name} took more than {seconds:.0f} s; read the end of its log:\n"
                f"{self.tail(service.name)}"
            ) from None
        finally:
            stop_groups([self.running.pop(service.name).pid], self.stop_seconds)
        if code != 0:
            raise ServiceError(
                f"{service.name} failed with code {code}; read the end of "
                f"{self.log_of(service.name)}:\n{self.tail(service.name)}"
            )

    def check(self) -> None:
        """Raise `ServiceError` when a server has ended by itself."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise ServiceError(
                    f"{name} ended with code {process.returncode}; read the end of "
                    f"{self.log_of(name)}:\n{self.tail(name)}"
                )

    def stop(self) -> None:
        """SIGTERM to every group, wait, SIGKILL to what is left; safe to call again."""
        processes = list(self.running.values())
        stop_groups([process.pid for process in processes], self.stop_seconds, reap=processes)
        self.running.clear()

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def tail(self, name: str) -> str:
        path = self.log_of(name)
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-TAIL_LINES:])


def stop_groups(
    groups: list[int],
    seconds: float,
    reap: list[subprocess.Popen[bytes]] | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> None:
    """Stop process groups together: the slowest decides how long it takes, `seconds` at most."""
    for group in groups:
        _signal(group, signal.SIGTERM)
    _wait_gone(groups, reap, monotonic() + seconds, monotonic)
    for group in groups:
        _signal(group, signal.SIGKILL)
    for process in reap or []:
        process.wait()
    _wait_gone(groups, reap, monotonic() + KILL_SECONDS, monotonic)


def _wait_gone(
    groups: list[int],
    reap: list[subprocess.Popen[bytes]] | None,
    deadline: float,
    monotonic: Callable[[], float],
) -> None:
    while any(_alive(group, reap) for group in groups) and monotonic() < deadline:
        time.sleep(0.1)


def _alive(group: int, reap: list[subprocess.Popen[bytes]] | None) -> bool:
    for process in reap or []:
        process.poll()  # a zombie leader would keep its group alive
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def _terminate_with_parent() -> None:
    """Runs in the child before exec."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def process_start(pid: int) -> str | None:
    """When `pid` started, in clock ticks since boot; None when there is no such process.

    Together with the pid it names a process for good, as pids are given again.
    """
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except OSError:
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else fields[19]
