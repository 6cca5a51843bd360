"""Damaged files are found before hours of work, set aside, and made anew where they can be."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing

import pytest
from typer.testing import CliRunner

from tests.release_fixtures import small_release
from tests.unit.identity_world import PACK, WHEN, IdentityWorld, creator, record, shot
from trainer.cli import app
from trainer.config.params import BuildParams
from trainer.errors import DamagedFileError, StageFailed
from trainer.pipeline.build import _resumable
from trainer.release.publish import publish
from trainer.runs.context import read_plan
from trainer.runs.record import RunRecord, list_records, write_record
from trainer.snapshots.current import require_all_snapshots, snapshot_dirs
from trainer.snapshots.store import last_snapshot
from trainer.staging.atomic import write_sealed
from trainer.staging.clock import iso, now
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import IMAGES
from trainer.state.decisions import deciding
from trainer.state.store import note_published, read_snapshots
from trainer.upkeep.damage import check_state
from trainer.upkeep.repair import heal, repair, require_sound

RELEASE = "20261101_000000"


@pytest.fixture
def world(tmp_path) -> IdentityWorld:
    world = IdentityWorld(tmp_path / "data", {key: creator(key) for key in ("stashdb", "fansdb")})
    rows = [
        record("stashdb", 1, "Ana Vask", shots=[shot(1, 0)]),
        record("fansdb", 2, "Bo Ren", shots=[shot(2, 0)]),
    ]
    world.publish(world.run("week-1", rows))
    with deciding(world.data) as db:
        for key in ("stashdb", "fansdb"):
            db.execute("INSERT INTO snapshots VALUES (?, 'week-1', ?, 1, ?)", (key, WHEN, WHEN))
    return world


@pytest.fixture
def context(world):
    from trainer.runs.context import RunContext

    return RunContext.open(world._settings, "week-1")


def broken(path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def flipped(path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


def set_aside(data) -> set[str]:
    found = (p for p in data.quarantine.rglob("*") if p.is_file())
    return {p.relative_to(data.quarantine).as_posix().partition("/")[2] for p in found}


def test_sound_data_is_left_alone(context):
    assert heal(context.settings).done == []
    assert not context.data.quarantine.exists()


def test_a_truncated_plan_blocks_nothing(context):
    old = context.data.run("week-0")
    old.root.mkdir()
    shutil.copy(context.run.plan, old.plan)
    broken(old.plan)
    with pytest.raises(DamagedFileError, match=r"week-0/plan\.json.*trainer repair"):
        read_plan(old.plan)
    lines = heal(context.settings).done
    assert len(lines) == 1 and "week-0/plan.json" in lines[0]
    assert set_aside(context.data) == {"runs/week-0/plan.json"}


def test_a_run_whose_plan_is_truncated_is_not_gone_on_with(context):
    record_ = RunRecord(id="week-1", started_at=iso(now()), status="failed")
    write_record(context.run, record_)
    broken(context.run.plan)
    assert _resumable(context.data, BuildParams()) is None


@pytest.mark.parametrize("damage", [broken, flipped])
def test_a_damaged_part_of_the_face_cache_is_set_aside(context, damage):
    part = context.data.faces(PACK) / "part-week-1.parquet"
    damage(part)
    assert "embedded again" in heal(context.settings).done[0]
    assert not part.exists() and set_aside(context.data) == {f"faces/{PACK}/{part.name}"}


@pytest.mark.parametrize("name", ["performers.parquet", "images.parquet"])
def test_a_damaged_snapshot_does_not_block_the_full_crawl_of_its_source(context, name):
    broken(context.run.snapshot("stashdb") / name)
    assert "reads stashdb whole" in heal(context.settings).done[0]
    assert last_snapshot(context.data, "stashdb") is None  # so its crawl is not incremental
    assert list(snapshot_dirs(context)) == ["fansdb"]
    require_sound(context.data, {"stashdb": 1, "fansdb": 1})


def test_a_lost_snapshot_of_a_source_that_is_not_crawled_says_so_at_once(context):
    shutil.rmtree(context.run.snapshot("stashdb"))
    with pytest.raises(StageFailed, match=r"stashdb.*--forget"):
        require_sound(context.data, {"fansdb": 1})
    with pytest.raises(StageFailed, match=r"stashdb.*--forget"):
        require_all_snapshots(context.data, snapshot_dirs(context))
    given = ["repair", "--forget", "stashdb", "--data-dir", str(context.data.root)]
    assert CliRunner().invoke(app, given).exit_code == 0
    assert list(read_snapshots(context.data.state_db)) == ["fansdb"]
    require_sound(context.data, {"fansdb": 1})


@pytest.mark.parametrize("what", ["part", "manifest"])
def test_damaged_staging_is_crawled_again(context, what):
    run = context.data.run("week-2")
    staging = run.staging("stashdb")
    blank = dict.fromkeys(IMAGES.names) | {"url": "u", "source": "stashdb", "status": "failed"}
    write_rows(staging / "images-0.parquet", [blank | {"fetched_at": WHEN}], IMAGES)
    StageManifest(
        run_id="week-2", stage="crawl", name="stashdb", status="complete", started_at=WHEN,
        completed_at=WHEN,
    ).write(staging)  # fmt: skip
    run.step("crawl-stashdb").parent.mkdir()
    run.step("crawl-stashdb").write_text("{}")
    assert heal(context.settings).done == []
    broken(staging / ("images-0.parquet" if what == "part" else "_RUN.json"))
    assert "crawled again" in heal(context.settings).done[0]
    assert not staging.exists() and not run.step("crawl-stashdb").exists()


def test_a_damaged_snapshot_of_an_unfinished_run_is_folded_again(context):
    run = context.data.run("week-2")
    shutil.copytree(context.run.snapshot("stashdb"), run.snapshot("stashdb"))
    run.step("plan_embed").parent.mkdir()
    run.step("plan_embed").write_text("{}")
    broken(run.snapshot("stashdb") / "images.parquet")
    assert "folded again" in heal(context.settings).done[0]
    assert not run.snapshot("stashdb").exists() and not run.step("plan_embed").exists()


def test_a_damaged_record_is_named_and_set_aside(context):
    write_record(context.run, RunRecord(id="week-1", started_at=WHEN, status="completed"))
    broken(context.run.record)
    heal(context.settings)
    assert list_records(context.data) == []


def test_what_select_goes_on_from_is_made_anew(context):
    broken(context.run.nearest_faces)
    assert "compared again" in heal(context.settings).done[0]
    assert not context.run.nearest_faces.exists()


def test_a_damaged_state_stops_before_anything_is_done(context):
    content = bytearray(context.data.state_db.read_bytes())
    content[100:4096] = bytes(3996)
    context.data.state_db.write_bytes(bytes(content))
    with pytest.raises(DamagedFileError, match=r"state\.db.*`trainer restore`"):
        heal(context.settings)


@pytest.fixture
def released(context, tmp_path):
    note_published(context.data.state_db, "r", RELEASE, "2026.11.01", WHEN)
    publish(context.data, small_release(tmp_path / "made"), RELEASE)
    return context


def test_a_dangling_current_fails_at_once_and_repair_mends_it(released):
    data = released.data
    data.current.unlink()
    data.current.symlink_to("20261108_000000")
    with pytest.raises(DamagedFileError, match="which is not there"):
        require_sound(data, {"stashdb": 1, "fansdb": 1})
    assert RELEASE in repair(data, dry_run=True).done[0]
    assert data.current.readlink().name == "20261108_000000"
    assert repair(data).left == []
    assert data.current.readlink().name == RELEASE


def test_a_damaged_release_says_so_at_once_and_stays(released):
    flipped(released.data.release(RELEASE) / "faces.json")
    with pytest.raises(DamagedFileError, match=r"faces\.json"):
        require_sound(released.data, {"stashdb": 1, "fansdb": 1})
    given = ["repair", "--data-dir", str(released.data.root)]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 1 and "to do: " in done.stdout and "faces.json" in done.stdout


def test_the_copy_of_a_database_that_changed_is_made_anew(released):
    data = released.data
    link = data.performers_link(RELEASE)
    whole = link.read_bytes()
    link.unlink()
    link.write_bytes(whole)  # as on a file system without hard links
    assert repair(data).done == []
    flipped(link)
    assert "made anew" in repair(data).done[0]
    assert link.read_bytes() == whole


RESULTS = {
    "targets/iafd.parquet": "plan_references",
    "embed/000-of-001/job.json": "plan_embed",
    "resolve/identities.json": "resolve",
    "resolve/performers.parquet": "resolve",
    "select/faces.parquet": "select",
    "select/funnel.json": "select",
}


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("damage", [broken, flipped])
def test_a_damaged_result_of_an_unfinished_run_is_written_again(context, name, damage):
    run = context.data.run("week-2")
    shutil.copytree(context.run.root, run.root)
    path, mark = run.root / name, run.step(RESULTS[name])
    if name.startswith("targets"):
        path.parent.mkdir()
        shutil.copy(context.run.resolve / "owners.parquet", path)
    if name.startswith("embed"):
        write_sealed(path, {"images": []})
    write_sealed(mark, {"performers": 2})
    damage(path)
    (line,) = heal(context.settings).done
    assert path.name in line and "is done again" in line
    assert not path.exists() and not mark.exists() and path.parent.is_dir()


def test_a_damaged_release_that_waits_for_publishing_is_built_again(context, tmp_path):
    run = context.data.run("week-2")
    shutil.copytree(context.run.root, run.root)
    shutil.copytree(small_release(tmp_path / "made"), run.release)
    write_sealed(run.step("build_release"), {"faces": 1})
    assert heal(context.settings).done == []
    flipped(run.release / "face_arcface.voy")
    assert "built again" in heal(context.settings).done[0]
    assert not run.release.exists() and not run.step("build_release").exists()


def test_a_flipped_row_of_the_state_stops_a_build_and_a_person_may_take_it(context):
    data = context.data
    with closing(sqlite3.connect(data.state_db)) as db:  # as a flipped bit: past our own door
        db.execute("UPDATE claims SET performer_id = 2 WHERE performer_id = 1")
        db.commit()
    for act in (lambda: heal(context.settings), lambda: check_state(data.state_db)):
        with pytest.raises(DamagedFileError, match=r"state\.db: claims changed"):
            act()
    given = ["state", "accept", "--data-dir", str(data.root)]
    assert "claims: taken as it is now" in CliRunner().invoke(app, given).stdout
    assert heal(context.settings).done == []
    assert CliRunner().invoke(app, given).stdout == "nothing has changed\n"
