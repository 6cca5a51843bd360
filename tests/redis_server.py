"""A Redis for tests: Debian's redis-server on a socket of its own, or on loopback; nothing kept."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NoAnswer

from tests.waiting import DEADLINE, wait_for


@contextmanager
def redis_server(folder: Path, port: int = 0) -> Iterator[str]:
    """The server's URL, without a database. Skips, with the reason, where it can't be started."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not here: apt-get install redis-server")
    folder.mkdir(parents=True, exist_ok=True)
    socket = folder / "redis.sock"
    listen = ["--port", str(port), "--bind", "127.0.0.1", "--unixsocket", str(socket)]
    options = ["--save", "", "--appendonly", "no", "--dir", str(folder)]
    with (folder / "redis.log").open("ab") as log:
        server = subprocess.Popen([program, *listen, *options], stdout=log, stderr=log)
    try:
        url = f"redis://127.0.0.1:{port}" if port else f"unix://{socket}"
        wait_for(lambda: server.poll() is not None or _answers(url))
        if server.poll() is not None:
            pytest.skip(f"redis-server does not start: {(folder / 'redis.log').read_text()[-500:]}")
        yield url
    finally:
        server.terminate()
        server.wait(DEADLINE)


def _answers(url: str) -> bool:
    try:
        return bool(Redis.from_url(url).ping())
    except NoAnswer:
        return False
