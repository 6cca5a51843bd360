"""People who decide at once on machines of their own, and what the doctor says of the store."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

from tests.objects.conftest import Bucket
from trainer.config.settings import REPO_ROOT
from trainer.exclusions.entries import read_entries
from trainer.health.object_store import NAME, VERSIONS, WRITES, object_store
from trainer.object_store.mirror import pull, push_all
from trainer.staging.paths import DataDir

TRIES = 20
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/s3/x"}


def exclude(bucket: Bucket, root: Path, url: str) -> int:
    """Until it is stored; how often it was refused."""
    root.mkdir()
    for refused in range(TRIES):
        done = subprocess.run(
            [sys.executable, "-m", "trainer", "exclude", "add", "--url", url, "--reason", "asked"],
            cwd=REPO_ROOT,
            env=os.environ | bucket.environment | {"DATA_DIR": str(root)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            return refused
        assert "try again, on what is there now" in done.stderr, done.stderr
    raise AssertionError(f"refused {TRIES} times")


def test_nobody_decides_in_vain(bucket, tmp_path):
    first = tmp_path / "first"
    first.mkdir()
    (first / "sources.yaml").write_text("{}\n")
    push_all(bucket.store, first, "a test")
    urls = {f"https://site.example/{number}" for number in range(4)}
    with ThreadPoolExecutor(4) as pool:
        places = (tmp_path / f"machine-{number}" for number in range(4))
        refused = list(pool.map(lambda place, url: exclude(bucket, place, url), places, urls))
    print(f"refused and tried again: {refused}")  # noqa: T201
    pull(bucket.store, first)
    assert {entry.value for entry in read_entries(DataDir(first))} == urls


def test_the_doctor_finds_it_well(bucket, tmp_path):
    def levels() -> dict[str, str]:
        return {one.name: one.level for one in object_store(bucket.settings(tmp_path))}

    assert levels() == {NAME: "warning", WRITES: "ok", VERSIONS: "warning"}
    content = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    address = f"{bucket.endpoint}/{bucket.url.split('/')[2]}?versioning"
    assert requests.put(address, data=content, headers=SIGNED, timeout=60).ok
    assert levels() == {NAME: "warning", WRITES: "ok", VERSIONS: "ok"}
    assert not list(bucket.store.names("doctor"))
