"""A Postgres for tests: Debian's, as its own user, on loopback, in a folder that is thrown away."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.waiting import DEADLINE, wait_for

USER = "postgres"  # Postgres refuses to run as root


@contextmanager
def postgres_server(port: int) -> Iterator[str]:
    """`user@host:port/database` of an empty database. Skips where Postgres is not here."""
    programs = _programs()
    who: dict[str, Any] = {"user": USER, "group": USER} if os.geteuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="postgres-") as name:  # where its user may go
        folder = Path(name)
        if who:
            shutil.chown(folder, USER, USER)
        data, log = folder / "data", folder / "log"
        make: list[str | Path] = [programs / "initdb", "-D", data, "-U", "airflow"]
        make += ["-A", "trust", "--no-sync"]
        subprocess.run(make, cwd=folder, check=True, capture_output=True, **who)
        options = ["-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"]
        options += ["-c", f"unix_socket_directories={folder}", "-c", "max_connections=200"]
        run: list[str | Path] = [programs / "postgres", "-D", data, *options]
        with log.open("ab") as sink:
            server = subprocess.Popen(run, cwd=folder, stdout=sink, stderr=sink, **who)
        try:
            ready = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
            ended = lambda: server.poll() is not None or subprocess.call(ready) == 0  # noqa: E731
            wait_for(ended, every=0.5)
            assert server.poll() is None, log.read_text()
            yield f"airflow@127.0.0.1:{port}/postgres"
        finally:
            server.terminate()
            server.wait(DEADLINE)


def _programs() -> Path:
    """Debian keeps them out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("Postgres is not here: apt-get install postgresql")
    return found[-1].parent
