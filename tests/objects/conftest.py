"""A bucket on a look-alike of S3, new for each test."""

from __future__ import annotations

import itertools
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import requests

from tests.e2e.conftest import demo_images, released, week_1
from trainer.config.settings import REPO_ROOT, Settings
from trainer.object_store.open_store import open_store
from trainer.object_store.store import Store

__all__ = ["demo_images", "released", "week_1"]
PYTHON = REPO_ROOT / ".venv-s3" / "bin" / "python"
_numbers = itertools.count()


class Bucket(NamedTuple):
    """An empty bucket: its address, its server's, and the variables that lead to it."""

    url: str
    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "TRAINER_OBJECT_STORE": self.url,
            "TRAINER_OBJECT_STORE_ENDPOINT": self.endpoint,
            "TRAINER_OBJECT_STORE_REGION": "us-east-1",
            "TRAINER_OBJECT_STORE_ACCESS_KEY": "invented",
            "TRAINER_OBJECT_STORE_SECRET_KEY": "invented-too",
            "TRAINER_OBJECT_STORE_HTTP": "1",
        }

    def settings(self, root: Path) -> Settings:
        before = dict(os.environ)
        try:
            os.environ.update(self.environment)
            return Settings.load(root)
        finally:
            os.environ.clear()
            os.environ.update(before)

    @property
    def store(self) -> Store:
        found = open_store(self.settings(Path("/nowhere")))
        assert found is not None
        return found


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    if not PYTHON.exists():
        pytest.skip(f"no {PYTHON}: `make test-objects` makes it")
    script = Path(__file__).with_name("s3_server.py")
    process = subprocess.Popen(
        [PYTHON, script], stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def bucket(s3_server: str) -> Bucket:
    name = f"bucket-{next(_numbers)}"
    signed = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/x"
    made = requests.put(f"{s3_server}/{name}", headers={"Authorization": signed}, timeout=60)
    assert made.ok, made.text
    return Bucket(f"s3://{name}/data", s3_server)
