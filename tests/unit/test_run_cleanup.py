"""What nobody reads again goes when a release is published; what can still go on stays whole."""

from __future__ import annotations

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.killed import killed_in
from tests.unit.identity_world import PACK, IdentityWorld, record, sha, shot
from tests.unit.test_identity_steps import BO, MIRA, rows
from trainer.faces.cache import cached_images
from trainer.release.contract import CHECKSUMMED
from trainer.retention.images import prune_images, prune_vectors
from trainer.retention.references import finished_runs
from trainer.retention.runs import clear_runs
from trainer.runs.record import RunRecord, write_record
from trainer.staging.atomic import write_bytes, write_json
from trainer.staging.frames import read_frame
from trainer.staging.paths import DataDir
from trainer.state.store import note_published

BASE, CURRENT, NEXT = "20261101_000000", "20261108_000000", "20261115_000000"
AT = "2026-11-{:02d}T00:00:00Z"
HEAVY = ["select/faces.parquet", "working/build_release/progress.json", "embed/0/job.json",
         *(f"release/{name}" for name in CHECKSUMMED)]  # fmt: skip
LIGHT = ["run.json", "plan.json", "steps/gate.json", "select/funnel.json",
         "select/verdicts.parquet", "resolve/performers.parquet",
         "release/diff.json", "release/manifest.json",
         "embed/0/_RUN.json", "snapshot/boxone/performers.parquet",
         "staging/boxone/performers-0.parquet"]  # fmt: skip
NEAREST = "select/nearest.parquet"


def made(data: DataDir, name: str, day: int, status: str, base: str | None, version: str) -> None:
    run = data.run(name)
    for path in (*HEAVY, *LIGHT, NEAREST):
        write_bytes(run.root / path, b"x")
    write_json(run.plan, {"base_release": base, "version_id": version, "of": "an older trainer"})
    write_record(run, RunRecord.model_validate({"id": name, "started_at": AT.format(day),
                                                "status": status}))  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    data = DataDir(tmp_path)
    made(data, "old", 1, "completed", None, BASE)
    made(data, "rejected", 2, "rejected", BASE, "20261102_000000")
    made(data, "overtaken", 3, "needs_approval", BASE, "20261103_000000")
    made(data, "broken", 4, "failed", BASE, "20261104_000000")
    made(data, "last", 8, "running", BASE, CURRENT)  # its report is still to come
    made(data, "open", 9, "needs_approval", CURRENT, "20261109_000000")
    made(data, "failed", 10, "failed", CURRENT, "20261110_000000")
    made(data, "moving", 11, "running", CURRENT, NEXT)  # committed, killed before its release moved
    made(data, "newest", 12, "failed", BASE, "20261112_000000")
    (data.run("lost").root / "select").mkdir(parents=True)
    write_bytes(data.run("lost").select / "faces.parquet", b"x")
    versions = {"old": BASE, "last": CURRENT, "moving": NEXT}
    for name, version in versions.items():
        note_published(data.state_db, name, version, version, AT.format(1))
    for version in (BASE, CURRENT):
        data.release(version).mkdir(parents=True)
    data.current.symlink_to(CURRENT)
    return data


DONE = ["broken", "last", "old", "overtaken", "rejected"]
GOES_ON = ["failed", "moving", "newest", "open"]


def there(data: DataDir, run: str, names: list[str]) -> list[str]:
    return [name for name in names if (data.run(run).root / name).exists()]


def check(data: DataDir) -> None:
    for run in DONE:
        assert there(data, run, HEAVY) == [], run
        assert there(data, run, LIGHT) == LIGHT, run
    for run in GOES_ON:
        assert there(data, run, [*HEAVY, *LIGHT, NEAREST]) == [*HEAVY, *LIGHT, NEAREST], run
    assert there(data, "lost", HEAVY) == ["select/faces.parquet"]
    # What the next build reads, and the newest unfinished one, which began on an older release.
    assert [run for run in DONE if there(data, run, [NEAREST])] == ["last", "old"]


def test_working_files_of_finished_runs_go(data):
    assert sorted(run.run_id for run in finished_runs(data)) == DONE
    assert clear_runs(data) > 0
    check(data)
    assert clear_runs(data) == 0


CLEAR = "from trainer.retention.runs import clear_runs; clear_runs(data)"


@pytest.mark.parametrize("moment", [0, 7, 20, 35])
def test_a_clearing_that_was_killed_is_run_again(data, moment):
    assert killed_in(CLEAR, data.root, moment)
    clear_runs(data)
    check(data)


NOW = datetime(2026, 12, 24, tzinfo=UTC)


@pytest.fixture
def world(tmp_path):
    """Two published weeks; since the second nobody lists Mira any more."""
    world = IdentityWorld(tmp_path)
    world.publish(world.run("week-1", rows()))
    return world


def image(world: IdentityWorld, url: str, days: int = 40) -> Path:
    path = world.data.image(sha(url))
    write_bytes(path, b"x")
    when = (NOW - timedelta(days=days)).timestamp()
    os.utime(path, (when, when))
    return path


def current(world: IdentityWorld, run_id: str) -> None:
    """The snapshots of `run_id` are the current ones."""
    with sqlite3.connect(world.data.state_db) as db:
        for source in ("boxone", "boxtwo", "surely", "maybe"):
            db.execute("INSERT OR REPLACE INTO snapshots VALUES (?, ?, NULL, 1, NULL)",
                       (source, run_id))  # fmt: skip


def finished(world: IdentityWorld, run_id: str) -> None:
    values = {"id": run_id, "started_at": AT.format(1), "status": "completed"}
    write_record(world.data.run(run_id), RunRecord.model_validate(values))


def test_pictures_that_nothing_asks_for_go_when_they_are_old(world):
    current(world, "week-1")
    finished(world, "week-1")
    embedded = image(world, shot(BO, 0))
    nobodys, young = image(world, shot(70, 0)), image(world, shot(70, 1), days=5)
    waits = image(world, shot(80, 0))  # of a run that may go on
    world.run("week-2", [record("boxone", 80, "Uma", shots=[shot(80, 0)])])
    for part in world.data.faces(PACK).glob("part-week-2.parquet"):
        part.unlink()
    write_bytes(world.data.images / "ab" / ".tmp-x", b"x")
    said = prune_images(world.data, PACK, 30, NOW, dry_run=True)
    assert said == (2, 2)
    assert nobodys.exists()
    assert prune_images(world.data, PACK, 30, NOW) == said
    assert [p.exists() for p in (embedded, nobodys, young, waits)] == [False, False, True, True]
    assert prune_images(world.data, PACK, 30, NOW).pictures == 0


def test_another_pack_still_has_to_embed_what_the_snapshots_list(world):
    current(world, "week-1")
    finished(world, "week-1")
    listed, nobodys = image(world, shot(BO, 0)), image(world, shot(70, 0))
    assert prune_images(world.data, "other-pack", 30, NOW).pictures == 1
    assert listed.exists()
    assert not nobodys.exists()


def test_vectors_of_people_who_are_gone_go_with_the_last_release_that_has_them(world, monkeypatch):
    mira = {sha(shot(MIRA, n)) for n in (0, 1, 2, 3, 4)}
    left = [r for r in rows() if "Mira" not in r["name"] and r["source"] != "surely"]
    world.publish(world.run("week-2", left))
    current(world, "week-2")
    finished(world, "week-1")
    cached = cached_images(world.data.faces(PACK))
    assert mira < cached
    monkeypatch.setattr("trainer.retention.images.release_dirs", lambda _data: [Path("kept")])
    monkeypatch.setattr("trainer.retention.images._released", lambda _path: mira)
    prune_vectors(world.data)
    assert mira < cached_images(world.data.faces(PACK))
    monkeypatch.setattr("trainer.retention.images.release_dirs", lambda _data: [])
    assert prune_vectors(world.data) == len(mira)
    after = cached_images(world.data.faces(PACK))
    assert not after & mira
    assert sha(shot(BO, 0)) in after
    assert prune_vectors(world.data) == 0
    for part in world.data.faces(PACK).glob("*.parquet"):
        assert read_frame(part)["arcface"].null_count() == 0
