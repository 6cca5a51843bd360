"""Publishing killed at random moments: `current` is always a whole release."""

import os
import random
import shutil
import subprocess
import sys
import time
from datetime import date
from pathlib import Path

import pytest

from tests.release_fixtures import small_release
from tests.waiting import DEADLINE
from trainer.errors import DamagedFileError, StageFailed
from trainer.release.files import current_id, find_release, hash_problems
from trainer.release.publish import next_version, publish, versions
from trainer.staging.paths import DataDir

KILLS = int(os.environ.get("TRAINER_FAULT_KILLS", "30"))
FIRST, SECOND = "20261101_000000", "20261108_000000"
PROGRAM = """
import sys
from pathlib import Path
from trainer.release.publish import publish
from trainer.staging.paths import DataDir
data, staged = DataDir(Path(sys.argv[1])), Path(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
publish(data, staged, sys.argv[3])
"""


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    root = tmp_path_factory.mktemp("releases")
    return small_release(root, FIRST), small_release(root, SECOND, "2026.11.08", people=30)


def staged(release: Path, root: Path) -> Path:
    return Path(shutil.copytree(release, root / "runs" / release.name / "release"))


def test_publish_twice_is_publish_once(releases: tuple[Path, Path], tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    source = staged(releases[0], tmp_path)
    published = publish(data, source, FIRST)
    assert publish(data, source, FIRST) == published
    assert current_id(data) == FIRST
    assert data.performers_link(FIRST).samefile(published / "performers.db")
    publish(data, staged(releases[1], tmp_path), SECOND)
    publish(data, source, FIRST)  # a late retry of the older one
    assert current_id(data) == SECOND
    assert [(v.version_id, v.current, v.damaged) for v in versions(data, deep=True)] == [
        (SECOND, True, False),
        (FIRST, False, False),
    ]
    assert find_release(data, "v2026.11.08") == data.release(SECOND)
    assert find_release(data, "current") == data.release(SECOND)
    with pytest.raises(StageFailed, match="no release"):
        find_release(data, "nothing")


def test_what_may_not_be_published(releases: tuple[Path, Path], tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    publish(data, staged(releases[1], tmp_path), SECOND)
    older = staged(releases[0], tmp_path)
    with pytest.raises(StageFailed, match="not above the published"):
        publish(data, older, "20261109_000000")
    with pytest.raises(StageFailed, match="another release"):
        publish(data, older, SECOND)
    with pytest.raises(StageFailed, match="no version id"):
        publish(data, older, "../evil")
    (older / "faces.json").write_text("[]")
    with pytest.raises(DamagedFileError, match=r"faces\.json"):
        publish(data, older, FIRST)
    assert current_id(data) == SECOND
    assert hash_problems(data.current) == []


def test_damage_after_publishing_is_shown(releases: tuple[Path, Path], tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    path = publish(data, staged(releases[0], tmp_path), FIRST)
    (path / "face_arcface.voy").write_bytes(b"")
    assert not versions(data)[0].damaged
    assert versions(data, deep=True)[0].damaged
    (path / "manifest.json").write_text("{}")
    assert versions(data)[0].damaged


def test_next_version(releases: tuple[Path, Path], tmp_path: Path) -> None:
    data = DataDir(tmp_path)
    day = date(2026, 11, 1)
    assert next_version(data, day) == "2026.11.01"
    publish(data, staged(releases[0], tmp_path), FIRST)
    assert next_version(data, day) == "2026.11.01.1"
    assert next_version(data, day, also=["2026.11.01.4"]) == "2026.11.01.5"
    assert next_version(data, date(2026, 11, 2), also=["2026.11.01.9"]) == "2026.11.02"
    assert next_version(data, day, also=["2026.11.01.9"]) == "2026.11.01.91"
    assert next_version(data, day, also=["2026.11.01.99"]) == "2026.11.01.991"
    with pytest.raises(StageFailed, match="tomorrow"):
        next_version(data, day, also=["2026.11.01.9999"])
    assert next_version(data, date(2026, 10, 31)) == "2026.11.01.1"  # the clock was ahead once
    ahead = ["2028.12.31.9999"]
    assert next_version(data, day, also=ahead) == "2029.01.01"


def test_kills_at_random_moments(releases: tuple[Path, Path], tmp_path: Path) -> None:
    chance = random.Random(20261101)
    whole = _time_of_a_publish(releases, tmp_path / "timed")
    outcomes: set[str | None] = set()
    for number in range(KILLS):
        root = tmp_path / str(number)
        data = DataDir(root)
        publish(data, staged(releases[0], root), FIRST)
        source = staged(releases[1], root)
        _kill_after(data, source, chance.uniform(0, 1.2 * whole))
        outcomes.add(current_id(data))
        assert hash_problems(data.current) == [], f"kill {number}"
        publish(data, source, SECOND)
        assert current_id(data) == SECOND
        assert hash_problems(data.current) == []
        assert data.performers_link(SECOND).samefile(data.release(SECOND) / "performers.db")
        assert not list(root.glob(".tmp-*"))
        shutil.rmtree(root)
    assert outcomes == {FIRST, SECOND}, "the kills fell before and after the swap"


def _start(data: DataDir, source: Path) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data.root), str(source), SECOND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    process.stdout.readline()
    process.stdin.write("go\n")
    process.stdin.flush()
    return process


def _time_of_a_publish(releases: tuple[Path, Path], root: Path) -> float:
    data = DataDir(root)
    publish(data, staged(releases[0], root), FIRST)
    process = _start(data, staged(releases[1], root))
    start = time.monotonic()
    assert process.wait(DEADLINE) == 0
    return time.monotonic() - start


def _kill_after(data: DataDir, source: Path, seconds: float) -> None:
    process = _start(data, source)
    time.sleep(seconds)
    process.kill()
    process.wait(DEADLINE)
