"""Steps on a disk that is full, out of files or read-only, and steps that are killed: a sentence,
nothing half visible, and the same command goes on.

FAULT_ROOMS sets how often the disk is full, STEP_KILLS how many steps are killed (`make faults`:
many more).
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.step_world import STEPS, StepWorld
from trainer.release.files import hash_problems, release_dirs
from trainer.staging.paths import DataDir
from trainer.upkeep.damage import check_state

ROOMS = int(os.environ.get("FAULT_ROOMS", "1"))
KILLS = int(os.environ.get("STEP_KILLS", "1"))
MOST = 1_400_000  # bytes that a week of this world writes, and a little more
CONTENT = ("performers.db", "faces.json", "performers.json")
DISK = "64m"
MOUNT, UMOUNT = "/usr/bin/mount", "/usr/bin/umount"
FULL = ("No space left", "disk is full", "free disk space")
pytestmark = pytest.mark.timeout(400 + 60 * (ROOMS + KILLS))


@pytest.fixture(scope="module")
def second_week(tmp_path_factory) -> tuple[Path, dict[str, bytes]]:
    """A DATA_DIR whose second week is planned, and what its release holds in the end."""
    root = tmp_path_factory.mktemp("second") / "data"
    world = StepWorld(root)
    assert world.finish(world.week(0).run.run_id)[0] == 0
    world.churn()
    run_id = world.week(1).run.run_id
    undisturbed = root.with_name("undisturbed")
    shutil.copytree(root, undisturbed, symlinks=True)
    world.data = DataDir(undisturbed)
    assert world.finish(run_id)[0] == 0
    current = world.data.current.resolve()
    return root, {name: (current / name).read_bytes() for name in CONTENT}


@contextmanager
def mounted(at: Path, options: str) -> Iterator[Path]:
    """A small disk; skips where nobody may mount one."""
    at.mkdir()
    command = [MOUNT, "-t", "tmpfs", "-o", options, "tmpfs", str(at)]
    if not Path(MOUNT).exists():
        pytest.skip("no `mount` here, so no disk is full")
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here, so no disk is full: {done.stderr}")
    try:
        yield at
    finally:
        subprocess.run([UMOUNT, "--lazy", str(at)], check=True)


def whole(data: DataDir) -> None:
    """Everything that is visible is whole. What a kill left under a temporary name is `tidy`'s."""
    assert hash_problems(data.current) == []
    assert all(hash_problems(path) == [] for path in release_dirs(data))
    check_state(data.state_db)


def world_at(root: Path) -> StepWorld:
    world = StepWorld.__new__(StepWorld)
    world.data = DataDir(root)
    return world


def refused(world: StepWorld, signs: tuple[str, ...], **popen: Any) -> bool:
    """Run the week; a failure is a sentence that says why. False where it came through."""
    status, output = world.finish("week-001", **popen)
    whole(world.data)
    assert not [p for p in world.data.root.rglob(".tmp-*") if p.is_file()]
    if status == 0:
        return False
    last = output.strip().splitlines()[-1]
    assert status == 1 and "Traceback" not in output, output[-3000:]
    assert any(sign in output for sign in signs) and "; " in last, output[-2000:]
    return True


def healed(world: StepWorld, expected: dict[str, bytes]) -> None:
    status, output = world.finish("week-001")
    assert status == 0, output[-3000:]
    whole(world.data)
    current = world.data.current.resolve()
    assert {name: (current / name).read_bytes() for name in CONTENT} == expected


def rooms() -> tuple[int, list[int]]:
    seed = int(os.environ.get("FAULT_SEED", str(time.time_ns() % 100_000)))
    chance = random.Random(seed)
    return seed, sorted(int(chance.uniform(0, MOST)) for _ in range(ROOMS))


def test_a_disk_that_is_read_only_then_out_of_files_then_full(second_week, tmp_path):
    root, expected = second_week
    seed, sizes = rooms()
    files = sum(1 for _ in root.rglob("*")) + 20
    with mounted(tmp_path / "disk", f"size={DISK},nr_inodes={files}") as disk:
        world = world_at(Path(shutil.copytree(root, disk / "data", symlinks=True)))
        remount(disk, "ro")
        assert refused(world, ("Read-only file system", "readonly"))
        remount(disk, "rw")
        assert refused(world, FULL)  # no more files
        remount(disk, "nr_inodes=100000")
        failed = 0
        for room in sizes:
            ballast = disk / "ballast"
            free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
            ballast.write_bytes(bytes(max(free - room, 0)))
            failed += refused(world, FULL)
            ballast.unlink()
        print(f"seed {seed}: full disk: {failed} of {len(sizes)} rooms too small")  # noqa: T201
        healed(world, expected)


def test_steps_killed_at_random_moments_end_as_those_that_nobody_killed(second_week, tmp_path):
    """From `resolve` to `report`: after each kill all that is visible is whole."""
    root, expected = second_week
    seed = int(os.environ.get("FAULT_SEED", str(time.time_ns() % 100_000)))
    chance = random.Random(seed)
    killed: Counter[str] = Counter()
    for number in range(KILLS):
        home = Path(shutil.copytree(root, tmp_path / str(number), symlinks=True))
        world = world_at(home)
        step = kill_in_a_step(world, chance)
        killed[step] += 1
        assert hash_problems(world.data.current) == [], f"seed {seed}"
        check_state(world.data.state_db)
        healed(world, expected)
        shutil.rmtree(home)
    print(f"seed {seed}: killed in {dict(killed)}")  # noqa: T201


def kill_in_a_step(world: StepWorld, chance: random.Random) -> str:
    """Kill the process when it is in a step that was drawn, somewhere; returns the step."""
    wanted = chance.choice(STEPS)
    process = world.start("week-001")
    assert process.stdout is not None
    for line in process.stdout:
        if line == f"step {wanted}\n":
            break
    try:
        process.wait(chance.expovariate(4))
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
    return wanted


def remount(disk: Path, options: str) -> None:
    subprocess.run([MOUNT, "-o", f"remount,{options}", str(disk)], check=True)


def limited(largest: int) -> Callable[[], None]:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return limit


def test_no_file_may_be_larger(second_week, tmp_path):
    """Fails writes in the middle, as a quota does; needs no rights."""
    root, expected = second_week
    seed, sizes = rooms()
    world = world_at(Path(shutil.copytree(root, tmp_path / "data", symlinks=True)))
    failed = sum(
        refused(world, ("File too large", "disk"), preexec_fn=limited(size // 8)) for size in sizes
    )
    print(f"seed {seed}: largest file: {failed} of {len(sizes)} too small")  # noqa: T201
    healed(world, expected)
