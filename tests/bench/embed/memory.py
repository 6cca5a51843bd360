"""Memory of a program and its children while it works, beside how far it is."""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import suppress
from pathlib import Path

INTERVAL = 0.5  # seconds


class Sampler:
    """Proportional set size of a process tree, MB, and the `done` of its progress file."""

    def __init__(self, progress: Path) -> None:
        self._progress = progress
        self._samples: list[tuple[int, float]] = []

    def watch(self, child: subprocess.Popen[bytes]) -> None:
        """Sample until the child ends."""
        while child.poll() is None:
            self._samples.append((self._done(), tree_megabytes(child.pid)))
            time.sleep(INTERVAL)

    @property
    def peak(self) -> float:
        return max(megabytes for _, megabytes in self._samples)

    def at(self, marks: list[int]) -> dict[str, float]:
        """The highest of the samples around each mark (within a tenth of it)."""
        found = {}
        for mark in marks:
            near = [mb for done, mb in self._samples if 0.9 * mark <= done <= mark]
            found[str(mark)] = max(near, default=0.0)
        return found

    def _done(self) -> int:
        with suppress(OSError, ValueError):
            return int(json.loads(self._progress.read_text())["done"])
        return 0


def tree_megabytes(pid: int) -> float:
    """Shared pages count once over the processes that share them."""
    total = 0.0
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        total = next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                total += tree_megabytes(int(child))
    return total
