"""A clock that is set back or forward, or changes to winter or summer time, while a build runs.

FAULT_CLOCKS sets how many whole builds meet each of them (`make faults`); `make test` runs steps.
"""

from __future__ import annotations

import json
import os
import random
import sqlite3
import struct
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from demo.world import World
from tests.e2e.conftest import CAPS, Trainer
from tests.faults.preloaded import library, needs_a_compiler
from tests.faults.step_world import StepWorld
from tests.waiting import wait_for
from trainer.staging.clock import iso
from trainer.staging.paths import DataDir
from trainer.state.store import read_identities

BUILDS = int(os.environ.get("FAULT_CLOCKS", "0"))
SEED = int(os.environ.get("FAULT_SEED", str(time.time_ns() % 100_000)))
DAY = 86_000  # seconds: within what `max_clock_jump_hours` allows
NAMES = ("performers.db", "faces.json", "performers.json", "face_facenet.voy")
AUTUMN = datetime(2026, 10, 25, 1, tzinfo=UTC)  # when clocks in Berlin go back to two
SPRING = datetime(2027, 3, 28, 1, tzinfo=UTC)
pytestmark = [pytest.mark.timeout(1_800), needs_a_compiler]


class Clock:
    """The time of day of every process that starts from now on, and how far it is off."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        folder.mkdir()
        self._offset = folder / "offset"
        self.set(0)
        made = library(folder, "shifted_clock", OFFSET_FILE=str(self._offset))
        monkeypatch.setenv("LD_PRELOAD", str(made))

    def set(self, seconds: float) -> None:
        """In place: processes that run see it at once."""
        mode = "r+b" if self._offset.exists() else "xb"
        with self._offset.open(mode) as stream:
            stream.write(struct.pack("=q", int(seconds)))

    def just_before(self, moment: datetime) -> None:
        self.set(moment.timestamp() - time.time() - 12)


@pytest.fixture
def clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(tmp_path / "clock", monkeypatch)


def test_the_clock_is_another_one(clock):
    """Or nothing below would mean anything."""
    script = (
        "import time\nfrom trainer.staging.clock import now\n"
        "print(now().timestamp(), flush=True); input(); print(now().timestamp(), time.monotonic())"
    )
    pipe = subprocess.PIPE
    began = time.time()
    child = subprocess.Popen([sys.executable, "-c", script], stdin=pipe, stdout=pipe, text=True)
    assert child.stdout is not None and child.stdin is not None
    assert abs(float(child.stdout.readline()) - began) < DAY / 2
    clock.set(DAY)
    rest, _ = child.communicate("\n")
    later, monotonic = map(float, rest.split())
    assert later - began > DAY / 2
    assert abs(monotonic - time.monotonic()) < DAY / 2


def test_steps_whose_clock_is_set_forward_and_back_give_the_same_release(clock, tmp_path):
    right, wrong = StepWorld(tmp_path / "right"), StepWorld(tmp_path / "wrong")
    for world in (right, wrong):
        world.week(0)
    assert right.finish("week-000")[0] == 0
    clock.set(DAY)
    process = wrong.start("week-000")
    wait_for(lambda: wrong.data.run("week-000").step("select").exists(), 300)
    clock.set(-DAY)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    for name in NAMES:
        assert (wrong.data.current / name).read_bytes() == (right.data.current / name).read_bytes()


def build(trainer: Trainer, clock: Clock, seconds: float, moment: float) -> str:
    """The release that is current after a build; its clock is off by `seconds` once `moment`
    seconds have passed."""
    process = trainer.start("build", "--conf", json.dumps(CAPS))
    try:
        process.communicate(timeout=moment)
    except subprocess.TimeoutExpired:
        clock.set(seconds)
    out, err = process.communicate(timeout=900)
    assert process.returncode in (0, 4), out + err
    return trainer.current.name


@pytest.mark.skipif(not BUILDS, reason="takes minutes (`make faults`)")
@pytest.mark.parametrize(("before", "after"), [(0, DAY), (0, -DAY), (DAY, 0), (-DAY, 0)])
def test_a_build_whose_clock_is_set_loses_nothing(clock, tmp_path, demo_images, before, after):
    moments = random.Random(SEED)
    print(f"seed {SEED}")  # noqa: T201
    for attempt in range(BUILDS):
        root = tmp_path / str(attempt)
        root.mkdir()
        clock.set(before)
        with World(week=1, images=demo_images) as world:
            trainer = Trainer(root, world.port)
            first = build(trainer, clock, after, moments.uniform(2, 30))
        ids = read_identities(DataDir(root).state_db).claims
        with World(week=2, port=world.port, images=demo_images):
            second = build(trainer, clock, before, moments.uniform(2, 30))
            clock.set(0)
            build(trainer, clock, 0, 900)  # with the right clock again: nothing waits for a day
        runs = trainer.run("runs").stdout  # newest first by a clock that was wrong
        assert second != first, runs
        assert runs.count("completed") + runs.count("partial") == 3, runs
        known = read_identities(DataDir(root).state_db)
        assert {claim: known.current(number) for claim, number in ids.items()}.items() <= (
            known.claims.items()
        )
        assert trainer.run("verify").returncode == 0
        assert {first, second} <= {p.name for p in (root / "releases").iterdir()}
        with sqlite3.connect(root / "state.db") as db:
            ((marks, sources),) = db.execute("SELECT count(watermark), count(*) FROM snapshots")
        assert marks == sources


@pytest.mark.skipif(not BUILDS, reason="takes minutes (`make faults`)")
@pytest.mark.parametrize("change", [AUTUMN, SPRING])
def test_a_build_over_the_change_to_winter_or_summer_time(
    clock, tmp_path, demo_images, monkeypatch, change
):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    root = tmp_path / "data"
    root.mkdir()
    with World(week=1, images=demo_images) as world:
        trainer = Trainer(root, world.port)
        clock.just_before(change)
        process = trainer.start(
            "build", "--conf", json.dumps(CAPS), TRAINER_MAX_CLOCK_JUMP_HOURS="100000"
        )
        out, err = process.communicate(timeout=900)
        assert process.returncode in (0, 4), out + err
    (record,) = json.loads(trainer.run("runs", "--json").stdout)
    assert record["started_at"] < iso(change) < record["completed_at"]
    assert sum(step["seconds"] or 0 for step in record["steps"].values()) < 900
