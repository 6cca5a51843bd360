"""Who works in a DATA_DIR, as other machines see it: a file per holder, renewed while it lives.

Between processes of one machine the kernel's locks decide (`trainer.staging.lock`), also between
its containers. Over a network these locks may hold for each machine alone, so every holder has a
file as well. Who comes makes its own file first and looks for others then: of two, at least one
sees the other. A holder whose file was not renewed for `EXPIRES` seconds of the file server's
clock is dead, and its file is deleted; should it only have stood still, it finds its file gone and
ends.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import secrets
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
EXPIRES = 60.0
LITTER = 86_400.0  # of this machine: the kernel knows who lives, so nothing is urgent
RENEW = 10.0
Kind = Literal["alone", "beside"]


class Taken(Exception):
    """Another machine works here; the message says which, and what its process is."""


@contextmanager
def lease(folder: Path, kind: Kind, machine: str | None = None) -> Iterator[None]:
    """Hold a lease in `folder`: `alone`, or `beside` others that are not alone.

    Raises `Taken` at once where a process of another machine has one that excludes it. `machine` is
    this one's, by default the boot of its kernel.
    """
    own = _Lease(folder, kind, machine or BOOT_ID.read_text().strip())
    own.take()
    try:
        with own.renewed():
            yield
    finally:
        own.path.unlink(missing_ok=True)


class _Lease:
    def __init__(self, folder: Path, kind: Kind, machine: str) -> None:
        self._folder = folder
        self._kind = kind
        self._machine = machine
        self.path = folder / f"{kind}-{machine}-{secrets.token_hex(8)}"

    def take(self) -> None:
        """Make the file, then look who else is there."""
        self._folder.mkdir(parents=True, exist_ok=True)
        with self.path.open("x") as stream, suppress(OSError):  # a full disk may still be tidied
            json.dump({"host": platform.node(), "pid": os.getpid()}, stream)
        try:
            for other in sorted(self._folder.iterdir()):
                self._refuse(other)
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise

    def _refuse(self, other: Path) -> None:
        """Raise `Taken` for a lease that excludes this one; delete those of the dead."""
        kind, _, rest = other.name.partition("-")
        ours = rest.rpartition("-")[0] == self._machine
        with suppress(FileNotFoundError):
            self.path.touch()  # the file server's clock is what counts
            age = self.path.stat().st_mtime - other.stat().st_mtime
            if age > (LITTER if ours else EXPIRES):
                log.info("a lease that nobody has renewed for %.0f s is deleted: %s", age, other)
                other.unlink()
            elif not ours and "alone" in (kind, self._kind):
                raise Taken(_holder(other, age))

    @contextmanager
    def renewed(self) -> Iterator[None]:
        """Renew the file from a thread for as long as the block runs."""
        done = threading.Event()
        thread = threading.Thread(target=self._renew, args=(done,), name="lease", daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def _renew(self, done: threading.Event) -> None:
        while not done.wait(RENEW):
            try:
                os.utime(self.path)
            except FileNotFoundError:
                log.error(
                    "another machine took this process for dead, since it stood still for more "
                    "than %.0f s: it ends now, and can be started again",
                    EXPIRES,
                )
                os.kill(os.getpid(), signal.SIGTERM)
                return
            except OSError as error:
                log.warning("the lease %s can't be renewed: %s", self.path, error)


def _holder(path: Path, age: float) -> str:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        who = f"process {told['pid']} on {told['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "a process of another machine"
    return f"{who}, last seen {max(age, 0):.0f} s ago"
