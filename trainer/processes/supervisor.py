"""Starts servers, each in its own process group, and leaves none behind."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from trainer.errors import TrainerError
from trainer.processes.groups import ends_with_parent, stop_groups

TAIL_LINES = 25


class ServiceError(TrainerError):
    """A server that did not start, or ended by itself; the message has the end of its log."""


@dataclass(frozen=True)
class Service:
    """A server; with an `environment` of its own it gets nothing of the supervisor's."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] | None = None


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
        """Start a service in its own process group, its output appended to its log."""
        self.logs.mkdir(parents=True, exist_ok=True)
        with self.log_of(service.name).open("ab") as log:
            self.running[service.name] = self.open(service, log)

    def open(self, service: Service, output: int | IO[bytes]) -> subprocess.Popen[bytes]:
        """Start a process in its own group, both of its outputs to `output`."""
        given = self.environment if service.environment is None else service.environment
        return subprocess.Popen(
            service.argv,
            cwd=self.cwd,
            env=dict(given),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=ends_with_parent(signal.SIGTERM) if self.die_with_parent else None,  # noqa: PLW1509
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
                f"{self.source_of(service.name)}:\n{self.tail(service.name)}"
            )

    def check(self) -> None:
        """Raise `ServiceError` when a server has ended by itself."""
        for name, process in self.running.items():
            if process.poll() is not None:
                raise ServiceError(
                    f"{name} ended with code {process.returncode}; read the end of "
                    f"{self.source_of(name)}:\n{self.tail(name)}"
                )

    def stop(self) -> None:
        """SIGTERM to every group, wait, SIGKILL to what is left; safe to call again."""
        processes = list(self.running.values())
        stop_groups([process.pid for process in processes], self.stop_seconds)
        for process in processes:
            process.wait()
        self.running.clear()

    def log_of(self, name: str) -> Path:
        """Return the log file of a service."""
        return self.logs / f"{name}.log"

    def source_of(self, name: str) -> str:
        """Return where a service's log is, in words."""
        return str(self.log_of(name))

    def tail(self, name: str) -> str:
        """Return the last lines of a service's log."""
        path = self.log_of(name)
        text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        return "\n".join(text.splitlines()[-TAIL_LINES:])
