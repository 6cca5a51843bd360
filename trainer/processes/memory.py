"""How much memory this process may take, and what is said when that was too little."""

from __future__ import annotations

import resource
from pathlib import Path

from trainer.errors import StageFailed

_CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
_MEMINFO = Path("/proc/meminfo")
_MB = 1_000_000
_ADVICE = "give it more (the container's memory limit, or `ulimit -v`), and run the build again"


def memory_limit() -> int:
    """Return the bytes that this process may take: the strictest of its own limit, its container's
    and the machine's memory."""
    own, _ = resource.getrlimit(resource.RLIMIT_AS)
    found = [own] if own != resource.RLIM_INFINITY else []
    for path in _CGROUPS:
        text = path.read_text().strip() if path.exists() else "max"
        found += [int(text)] if text.isdigit() else []
    total = next(line for line in _MEMINFO.read_text().splitlines() if line.startswith("MemTotal"))
    return min([*found, int(total.split()[1]) * 1024])


def require_memory(what: str, need: int) -> None:
    """Raise `StageFailed` before work that would be killed, by whom nobody hears."""
    limit = memory_limit()
    if limit < need:
        raise StageFailed(
            f"{what} needs about {need // _MB:,} MB of memory, and {limit // _MB:,} MB is the "
            f"limit here; {_ADVICE}: the steps that are done are not done again"
        )


def out_of_memory(what: str) -> StageFailed:
    """Return the error for a step that memory ran out in."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return StageFailed(
        f"{what}: memory ran out at {peak // _MB:,} MB of this process; {memory_limit() // _MB:,} "
        f"MB is the limit here; {_ADVICE}: the steps that are done are not done again"
    )
