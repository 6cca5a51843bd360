"""`kill -9` at random moments of a build, then the same command again.

FAULT_KILLS sets how many builds are killed (`make faults` kills many more).
"""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from typing import Any

import pytest

from demo.world import World
from tests.e2e.conftest import CAPS, Trainer, image_requests
from tests.faults.flips import content, flip, kind_of, outcome, put_back, read_again
from trainer.config.settings import REPO_ROOT
from trainer.exclusions.edit import add
from trainer.staging.parquet import read_table
from trainer.staging.paths import DataDir

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1800)]
KILLS = int(os.environ.get("FAULT_KILLS", "3"))
FLIPS = int(os.environ.get("FAULT_FLIPS", "4"))  # of each kind of file
PART_ROWS = 8  # pictures a staging part, so that a kill can cost this many
IN_FLIGHT = 5  # requests that were under way


def kill_after(trainer: Trainer, seconds: float) -> bool:
    """Start a build and kill it outright; False where it was done before."""
    process = trainer.start("build", "--conf", json.dumps(CAPS))
    try:
        process.communicate(timeout=seconds)
    except Exception:  # TimeoutExpired: it is still at work
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    return False


def test_a_build_killed_anywhere_goes_on_where_it_was(tmp_path, demo_images):
    seed = int(os.environ.get("FAULT_SEED", str(time.time_ns() % 100_000)))
    moments = random.Random(seed)
    killed = 0
    with World(week=1, images=demo_images) as world:
        trainer = Trainer(tmp_path, world.port)
        trainer.override(part_rows=PART_ROWS, requests_per_minute=3_000)
        for _ in range(KILLS):
            killed += kill_after(trainer, moments.uniform(1.0, 25.0))
        record = trainer.build()
        asked = image_requests(world)
    print(f"seed {seed}, {killed} builds killed")  # noqa: T201
    assert record["status"] in ("completed", "partial")
    assert trainer.run("verify").returncode == 0
    repeated = sum(count - 1 for count in asked.values())
    assert repeated <= killed * (PART_ROWS + IN_FLIGHT), f"seed {seed}"
    assert embedded_twice(trainer) == []
    assert leftovers(trainer) == []


def embedded_twice(trainer: Trainer) -> list[tuple[str, int]]:
    """(picture, face) that stand in the face cache more than once."""
    cache = trainer.root / "faces" / trainer.pack_id
    seen: Counter[tuple[str, int]] = Counter()
    for part in sorted(cache.glob("part-*.parquet")):
        table = read_table(part, ["image_sha256", "face_no"])
        seen.update((row["image_sha256"], row["face_no"]) for row in table.to_pylist())
    return [key for key, count in seen.items() if count > 1]


def leftovers(trainer: Trainer) -> list[str]:
    """Half files that a reader could meet under a final name, or temporary ones kept for ever."""
    releases = [p.name for p in (trainer.root / "releases").iterdir()]
    return [name for name in releases if name != "current" and not name[:8].isdigit()]


@pytest.mark.parametrize("step", ["commit_release", "publish"])
def test_killed_between_state_and_release_the_same_run_is_finished(released, demo_images, step):
    """The two moments that matter most: before and after the release becomes visible."""
    before = released.current
    program = SABOTAGE.format(step=step, conf=json.dumps(CAPS))
    with World(week=2, port=released.port, images=demo_images):
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=REPO_ROOT,
            env=released.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]
        assert released.run("verify").returncode == 0
        record = released.build()
    assert released.current != before
    assert released.current.name == record["release"]
    assert released.run("verify").returncode == 0
    with sqlite3.connect(released.root / "state.db") as db:
        assert db.execute("SELECT count(*) FROM published").fetchone() == (2,)
        claims, performers = db.execute(
            "SELECT count(*), count(DISTINCT performer_id) FROM claims"
        ).fetchone()
    assert (claims, performers) == (42, 41)


SABOTAGE = """
import os, signal, sys
from trainer.cli import main
from trainer.pipeline.steps import publish

real = publish.{step}

def then_die(*args, **kwargs):
    real(*args, **kwargs)
    os.kill(os.getpid(), signal.SIGKILL)

publish.{step} = then_die
sys.argv = ["trainer", "build", "--conf", {conf!r}]
main()
"""


def test_a_flipped_bit_in_any_file_that_is_read_again_is_found_or_changes_nothing(released):
    """Each kind of file as often, whatever their sizes; what is skipped says why in `flips`."""
    seed = int(os.environ.get("FAULT_SEED", str(time.time_ns() % 100_000)))
    chance = random.Random(seed)
    add(DataDir(released.root), "id", "stashdb:somebody", "asked", "2026-11-29T00:00:00Z")
    kinds: dict[str, list[Any]] = {}
    for path, check in read_again(released.root):
        check(path)  # each is sound, and read by its check
        kinds.setdefault(kind_of(path, released.root), []).append((path, check))
    seen: Counter[tuple[str, str]] = Counter()
    for kind, files in sorted(kinds.items()):
        for _ in range(FLIPS):
            path, check = chance.choice(files)
            before = content(path)
            was, bit = flip(path, chance)
            found = outcome(path, check, before)
            put_back(path, was)
            assert found != "silent", f"seed {seed}: bit {bit} of {path} gives other data"
            seen[kind, found] += 1
    for (kind, found), count in sorted(seen.items()):
        print(f"flipped bits: {kind}: {count} {found}")  # noqa: T201
    assert len(kinds) >= 20 and sum(seen.values()) == FLIPS * len(kinds)
