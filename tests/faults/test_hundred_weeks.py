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
from trainer.state.store import read_identities

WEEKS = int(os.environ.get("FAULT_WEEKS", "7"))
PEOPLE = int(os.environ.get("FAULT_PEOPLE", "40"))
RECORDS = 60_000  # bytes that a run leaves for good, however many performers there are
SETTLED = 5  # weeks until as many releases are kept as are kept
pytestmark = pytest.mark.timeout(300 + 30 * WEEKS)


def size_of(root: Path) -> int:
    """Bytes on the disk; a hard link counts once."""
    seen = {(s.st_dev, s.st_ino): s.st_size for s in map(os.lstat, root.rglob("*"))}
    return sum(seen.values())


def test_no_id_changes_and_what_is_kept_stays_as_large(tmp_path):
    world = StepWorld(tmp_path, PEOPLE)
    ids: dict[tuple[str, str], int] = {}
    sizes, states, seconds = [], [], []
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
    weekly = (sizes[-1] - sizes[SETTLED]) / max(WEEKS - 1 - SETTLED, 1)
    print(f"{WEEKS} weeks: {weekly / 1e3:.0f} kB more a week")  # noqa: T201
    # Its record, its plan, its steps' results, and the faces of those who came.
    assert weekly < RECORDS + 12_000 * len(world.people) * 0.01
    assert _prune(context) == 0
