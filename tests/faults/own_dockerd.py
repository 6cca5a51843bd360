"""A Docker daemon of the test's own, beside the machine's, that may be killed."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import docker
import psutil
import pytest

from tests.waiting import DEADLINE, wait_for

STARTS = 5


class OwnDockerd:
    """Listens at `url` only, without any network; what lies in `root` is its own."""

    def __init__(self, root: Path, *options: str) -> None:
        self.root = root
        self.options = options
        self.url = f"unix://{root}/docker.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers; like systemd, start it again where it does not come
        up beside what a killed one left."""
        options = ["--storage-driver=overlay2", "--bridge=none", "--iptables=false"]
        options += [f"--data-root={self.root}/data", f"--exec-root={self.root}/exec"]
        options += ["-H", self.url, f"--pidfile={self.root}/pid", *self.options]
        for _ in range(STARTS):
            for left in (self.root / "pid", self.root / "exec" / "containerd" / "containerd.pid"):
                left.unlink(missing_ok=True)
            with (self.root / "log").open("ab") as sink:
                started = self._process = subprocess.Popen(
                    ["dockerd", *options],  # noqa: S607 - wherever it lies
                    stdout=sink,
                    stderr=sink,
                    start_new_session=True,
                )
            if self._answers(started):
                return
        raise AssertionError((self.root / "log").read_text(errors="replace")[-2000:])

    def client(self) -> Any:
        """A client of it."""
        return docker.DockerClient(base_url=self.url, timeout=DEADLINE)

    def _answers(self, started: subprocess.Popen[bytes]) -> bool:
        """Wait until it answers, or has ended."""

        def asked() -> bool:
            with suppress(docker.errors.DockerException), closing(self.client()) as client:
                client.ping()
                return True
            return started.poll() is not None

        wait_for(asked, 180, every=0.3)
        return started.poll() is None

    def kill(self) -> None:
        """`kill -9` of dockerd and of its containerd; what runs in containers goes on."""
        assert self._process is not None
        below = psutil.Process(self._process.pid).children()
        self._process.kill()
        self._process.wait()
        for process in below:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(below, 30)

    def stop(self) -> None:
        """End it with its containers, and remove what it had."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(DEADLINE)
        for shim in self._shims():  # left by one that was killed
            for process in [*shim.children(recursive=True), shim]:
                process.kill()
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((m for m in mounts if m.startswith(str(self.root))), reverse=True):
            subprocess.run(["umount", "-l", mount], check=False)  # noqa: S607 - wherever it lies
        shutil.rmtree(self.root, ignore_errors=True)

    def _shims(self) -> list[psutil.Process]:
        found = psutil.process_iter(["cmdline"])
        return [p for p in found if any(str(self.root) in a for a in p.info["cmdline"] or [])]


@contextmanager
def own_dockerd(image: str, *options: str) -> Iterator[OwnDockerd]:
    """The daemon with one image of the machine's daemon in it; skips where none can be started."""
    if os.geteuid() != 0 or shutil.which("dockerd") is None:
        pytest.skip("Docker can't be killed here: that takes root and a dockerd of the test's own")
    # A socket's path must be short: not below pytest's folders.
    daemon = OwnDockerd(Path(mkdtemp(prefix="dockerd-", dir="/var/tmp")), *options)
    try:
        daemon.start()
        with closing(daemon.client()) as own, closing(docker.from_env(timeout=DEADLINE)) as machine:
            own.images.load(machine.images.get(image).save(named=True))
        yield daemon
    finally:
        daemon.stop()
