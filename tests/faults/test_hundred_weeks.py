"""Week after week 1% of the performers leave and as many come: nothing grows, no id changes.

FAULT_WEEKS sets how many (`make faults`: 100).
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path

import pytest

from tests.faults.step_world import StepWorld, run_steps
from trainer.pipeline.steps.publish import _prune
from trainer.release.files import hash_problems
from trainer.retention.cache_parts import MANY
from trainer.state.store import read_identities

WEEKS = int(os.environ.get("FAULT_WEEKS", "8"))
PEOPLE = int(os.environ.get("FAULT_PEOPLE", "40"))
KEPT = min(26, WEEKS // 3)  # weeks for which records and addresses are kept
FLAT = KEPT + 3  # weeks until as much goes as comes: three releases are kept, too
CYCLE = MANY + 2  # weeks in which the face cache's parts become one once
PART = 16_000  # bytes of a part with one performer's faces
PAGES = 40_960  # bytes by which SQLite may be ahead of its rows, or a record longer than another
IDENTITY = 400  # bytes of a record's ids in state.db, which are kept for good
SLOWER = 3.0  # the last ten weeks against ten early ones, on a machine that does other things
pytestmark = pytest.mark.timeout(300 + 30 * WEEKS)


def size_of(root: Path) -> int:
    """Bytes on the disk; a hard link counts once."""
    seen = {(s.st_dev, s.st_ino): s.st_size for s in map(os.lstat, root.rglob("*"))}
    return sum(seen.values())


def grown(sizes: list[int]) -> int:
    """Bytes that came to DATA_DIR once it should not grow, but for parts yet to be joined."""
    if len(sizes) >= FLAT + 2 * CYCLE:
        return max(sizes[-CYCLE:]) - max(sizes[FLAT : FLAT + CYCLE])
    return sizes[-1] - sizes[FLAT] - PART * (len(sizes) - 1 - FLAT)


def test_no_id_changes_and_what_is_kept_stays_as_large(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINER_KEEP_HISTORY_DAYS", str(7 * KEPT))
    world = StepWorld(tmp_path, PEOPLE)
    ids: dict[tuple[str, str], int] = {}
    sizes, states, seconds, records = [], [], [], []
    for number in range(WEEKS):
        if number:
            world.churn()
        context = world.week(number)
        began = time.process_time()
        run_steps(tmp_path, context.run.run_id)
        seconds.append(time.process_time() - began)
        known = read_identities(world.data.state_db).claims
        assert ids.items() <= known.items(), f"week {number}: ids changed"
        ids = known
        records.append(len(ids))
        sizes.append(size_of(tmp_path))
        states.append(world.data.state_db.stat().st_size)
        print(  # noqa: T201
            f"week {number}: {sizes[-1] / 1e6:.2f} MB, state.db {states[-1] / 1e3:.0f} kB, "
            f"{seconds[-1]:.1f} s of CPU, {len(ids)} records",
            flush=True,
        )
    assert hash_problems(world.data.current) == []
    with closing(sqlite3.connect(world.data.current / "performers.db")) as db:
        assert db.execute("SELECT count(*) FROM performers").fetchone()[0] == PEOPLE
    assert len(list(world.data.runs.iterdir())) <= KEPT + 4
    more = IDENTITY * (records[-1] - records[FLAT]) + PAGES
    assert states[-1] - states[FLAT] < more
    assert grown(sizes) < more + PAGES
    if WEEKS >= FLAT + 20:
        early, late = sum(seconds[FLAT : FLAT + 10]), sum(seconds[-10:])
        print(f"ten weeks take {early:.1f} s of CPU, the last ten {late:.1f} s")  # noqa: T201
        assert late < SLOWER * early
    assert _prune(context) == 0
