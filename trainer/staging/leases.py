"""Who works in a DATA_DIR, as other machines see it: a file per holder, renewed while it lives.

Between processes of one machine the kernel's locks decide (`trainer.staging.lock`), also between
its containers. Over a network these locks may hold for each machine alone, so every holder has a
file as well. Who comes makes its own file first and looks for others then: of two, at least one
sees the other. A holder whose file was not renewed for `EXPIRES` seconds of the file server's
clock, nor while somebody looked (that clock may have been set forward), is dead, and its file is
deleted; should it only have stood still, it finds its file gone and ends.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

log = logging.getLogger(__name__)

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
EXPIRES = 60.0
LITTER = 86_400.0  # of this machine: the kernel knows who lives, so nothing is urgent
RENEW = 10.0
LOOK = 15.0  # seconds for which a holder that seems to be dead is looked at
_LOOK_AGAIN = 0.2
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
            for other in self._dead():
                log.info("a lease that nobody renews is deleted: %s", other)
                other.unlink(missing_ok=True)
            for other in sorted(self._folder.iterdir()):
                self._refuse(other)
        except BaseException:
            self.path.unlink(missing_ok=True)
            raise

    def _refuse(self, other: Path) -> None:
        """Raise `Taken` for a lease that excludes this one."""
        kind = other.name.partition("-")[0]
        if not self._is_ours(other) and "alone" in (kind, self._kind):
            with suppress(FileNotFoundError):
                raise Taken(_holder(other, self._age(other.stat().st_mtime)))

    def _dead(self) -> list[Path]:
        """Files that are old, and that nobody renews while we look at them."""
        stamps = {path: self._old(path) for path in self._folder.iterdir()}
        old = {path: stamp for path, stamp in stamps.items() if stamp is not None}
        end = time.monotonic() + LOOK
        while old and time.monotonic() < end:
            time.sleep(_LOOK_AGAIN)
            old = {path: stamp for path, stamp in old.items() if _renewed_at(path) == stamp}
        return sorted(old)

    def _old(self, path: Path) -> float | None:
        """When a lease was renewed last, where that is too long ago; else None."""
        stamp = _renewed_at(path)
        limit = LITTER if self._is_ours(path) else EXPIRES
        return stamp if stamp is not None and self._age(stamp) > limit else None

    def _age(self, stamp: float) -> float:
        self.path.touch()  # the file server's clock is what counts
        return self.path.stat().st_mtime - stamp

    def _is_ours(self, path: Path) -> bool:
        return path.name.partition("-")[2].rpartition("-")[0] == self._machine

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


def _renewed_at(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None


def _holder(path: Path, age: float) -> str:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        who = f"process {told['pid']} on {told['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        who = "a process of another machine"
    return f"{who}, last seen {max(age, 0):.0f} s ago"
