"""Machines that are killed while they push, or push at once, on a look-alike of S3."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.objects.conftest import Bucket
from tests.objects.pusher import FILES
from trainer.config.settings import REPO_ROOT
from trainer.object_store.check import check
from trainer.object_store.commits import Commits
from trainer.object_store.mirror import pull, push_all

KILLS = int(os.environ.get("OBJECT_KILLS", "12"))


def start(bucket: Bucket, root: Path, name: str, rounds: int = 0) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.objects.pusher", name, str(rounds)],
        cwd=REPO_ROOT,
        env=os.environ | bucket.environment | {"DATA_DIR": str(root)},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def committed(bucket: Bucket, mirror: Path) -> dict[str, int]:
    """How many files each committed round has; every object of the commit is there and whole."""
    store = bucket.store
    assert not check(store, mirror, deep=True, mend=False).damaged
    pull(store, mirror)
    rounds = mirror.glob("runs/r1/staging/*/*")
    return {f"{p.parent.name}/{p.name}": len(list(p.iterdir())) for p in rounds}


@pytest.fixture
def begun(bucket: Bucket, tmp_path: Path) -> Path:
    root = tmp_path / "worker"
    root.mkdir()
    (root / "sources.yaml").write_text("{}\n")
    push_all(bucket.store, root, "a test")
    return root


@pytest.mark.timeout(1800)
def test_a_kill_at_any_moment_leaves_the_commit_before(bucket, begun, tmp_path):
    chance = random.Random(20260101)
    most = 0
    for number in range(KILLS):
        process = start(bucket, begun, "a")
        assert process.stdout is not None
        for _ in range(chance.randrange(1, 4)):
            process.stdout.readline()
        time.sleep(chance.random() * 0.3)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        rounds = committed(bucket, tmp_path / f"mirror-{number}")
        assert set(rounds.values()) <= {FILES + 1}, rounds
        assert len(rounds) >= most
        most = len(rounds)
    done = start(bucket, begun, "a", rounds=1)  # a try that is not killed heals
    assert done.wait() == 0
    rounds = committed(bucket, tmp_path / "mirror")
    assert len(rounds) > most and set(rounds.values()) == {FILES + 1}


def test_machines_that_push_at_once_lose_nothing(bucket, begun, tmp_path):
    names = ["a", "b", "c", "d"]
    processes = [start(bucket, tmp_path / f"worker-{name}", name, rounds=5) for name in names]
    assert [process.wait() for process in processes] == [0, 0, 0, 0]
    rounds = committed(bucket, tmp_path / "mirror")
    expected = {f"{name}/{number:04d}": FILES + 1 for name in names for number in range(5)}
    assert rounds == expected
    head = Commits(bucket.store).head()
    assert head is not None and head.number == 1 + len(expected)
