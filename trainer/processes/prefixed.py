"""A supervisor for containers: each line of each server goes to stdout behind the server's name."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import IO, TextIO

from trainer.processes.supervisor import TAIL_LINES, Service, Supervisor

_WIDTH = 13
_SECONDS = 5.0  # for the last lines of a server that has ended


@dataclass
class PrefixingSupervisor(Supervisor):
    """As `Supervisor`, without log files: the container's runtime keeps and turns them over."""

    sink: TextIO = sys.stdout
    last: dict[str, deque[str]] = field(
        default_factory=lambda: defaultdict(lambda: deque(maxlen=TAIL_LINES))
    )
    relays: dict[str, threading.Thread] = field(default_factory=dict)

    def start(self, service: Service) -> None:
        """Start a service in its own process group and hand its lines on."""
        process = self.open(service, subprocess.PIPE)
        self.running[service.name] = process
        assert process.stdout is not None
        relay = threading.Thread(
            target=self._relay, args=(service.name, process.stdout), daemon=True
        )
        self.relays[service.name] = relay
        relay.start()

    def tail(self, name: str) -> str:
        """Return the last lines of a service that has ended."""
        self.relays[name].join(_SECONDS)
        return "\n".join(self.last[name])

    def source_of(self, name: str) -> str:
        """Return where a service's lines are: above, in what the container said."""
        return f"the container's log, lines of {name}"

    def _relay(self, name: str, stream: IO[bytes]) -> None:
        for raw in stream:
            line = raw.decode(errors="replace").rstrip()
            self.last[name].append(line)
            self.sink.write(f"{name:<{_WIDTH}}| {line}\n")  # one write per line: none is torn
            self.sink.flush()
