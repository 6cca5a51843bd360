"""Process groups: stopped together, gone with their parent, told from those with an old pid."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress

import psutil

KILL_SECONDS = 3.0  # until init has taken in the orphans of a killed group
_PR_SET_PDEATHSIG = 1


def stop_groups(groups: Iterable[int], seconds: float) -> None:
    """SIGTERM to every group, up to `seconds` for all of them together, SIGKILL to what is left.

    A group's id is the pid of its first process. Groups that are gone are left out.
    """
    wanted = list(groups)
    ending = members(wanted)
    _signal(wanted, signal.SIGTERM)
    psutil.wait_procs(ending, timeout=seconds)
    left = members(wanted)  # with what they started meanwhile
    _signal(wanted, signal.SIGKILL)
    psutil.wait_procs(left, timeout=KILL_SECONDS)


def members(groups: Iterable[int]) -> list[psutil.Process]:
    """The processes of some groups that still run: no zombies."""
    wanted = set(groups)
    return [process for process in psutil.process_iter() if _is_in(process, wanted)]


def _is_in(process: psutil.Process, groups: set[int]) -> bool:
    with suppress(OSError, psutil.Error):
        return os.getpgid(process.pid) in groups and process.status() != psutil.STATUS_ZOMBIE
    return False


def _signal(groups: Iterable[int], number: signal.Signals) -> None:
    for group in groups:
        with suppress(ProcessLookupError):
            os.killpg(group, number)


def ends_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """For `preexec_fn`: the kernel sends `number` to the child when its parent is gone."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None, use_errno=True)  # looked up before the fork
    return lambda: libc.prctl(_PR_SET_PDEATHSIG, number) and None


def end_with_parent(number: signal.Signals) -> None:
    """Have the kernel send `number` to this process when its parent is gone."""
    ask = ends_with_parent(number)
    if ask is not None:
        ask()


def started_at(pid: int) -> float | None:
    """When `pid` started, in seconds since the epoch; None where no such process runs.

    Together with the pid it names a process for good, as pids are given again.
    """
    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return float(process.create_time())
    return None
