"""Starts a server again that has ended by itself, unless it does so again and again."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field

from trainer.processes.groups import stop_groups
from trainer.processes.supervisor import Service, Supervisor

MOST = 3  # times that a server is started again
WITHIN = 600.0  # seconds


@dataclass
class Reviver:
    """Watches the servers of a supervisor that were started through it.

    `say` hears a line for every server that is started again.
    """

    supervisor: Supervisor
    say: Callable[[str], object]
    clock: Callable[[], float] = time.monotonic
    services: dict[str, Service] = field(default_factory=dict)
    revived: dict[str, deque[float]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=MOST))
    )

    def start(self, service: Service) -> None:
        """Start a server, and from now on again where it ends."""
        self.services[service.name] = service
        self.supervisor.start(service)

    def check(self) -> None:
        """Start again what has ended; raises `ServiceError` for what ended too often."""
        for name, process in list(self.supervisor.running.items()):
            if process.poll() is None:
                continue
            if name not in self.services or self._too_often(name):
                self.supervisor.check()
            # What it had started would work beside what the new one starts.
            stop_groups([process.pid], self.supervisor.stop_seconds)
            self.say(f"{name} ended with code {process.returncode}; it is started again")
            self.revived[name].append(self.clock())
            self.supervisor.start(self.services[name])

    def _too_often(self, name: str) -> bool:
        moments = self.revived[name]
        return len(moments) == MOST and self.clock() - moments[0] < WITHIN
