"""Runs and addresses of images go when they are old and nothing asks for them; ids never do."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta

import pytest

from tests.killed import killed_in
from tests.unit.identity_world import IdentityWorld, creator, record
from trainer.errors import StageFailed
from trainer.pipeline.steps import plan
from trainer.retention.history import clear_history
from trainer.runs.record import RunRecord, list_records, write_record
from trainer.snapshots.image_ledger import EXCLUDED, ImageLedger
from trainer.staging.atomic import write_bytes, write_json
from trainer.staging.clock import iso
from trainer.staging.parquet import write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import FACES, IMAGES, PERFORMERS
from trainer.state.ledger import remember
from trainer.state.store import LedgerRow, note_published, read_identities

NOW = datetime(2026, 11, 29, tzinfo=UTC)
KEPT = 100  # days
SNAPSHOT, RELEASE = "20260401_000000", "20260301_000000"


def at(days: int) -> str:
    return iso(NOW - timedelta(days=days))


def sha(number: int) -> str:
    return f"{number:064x}"


def made(data: DataDir, name: str, days: int, status: str = "completed", base: str = "") -> None:
    """A run that began so many days ago, as `clear_old_runs` leaves it."""
    run = data.run(name)
    for path in (run.step("plan"), run.step("publish"), run.log("crawl-boxone")):
        write_bytes(path, b"{}")
    write_json(run.plan, {"base_release": base, "version_id": name})
    values = {"id": name, "started_at": at(days), "status": status}
    write_record(run, RunRecord.model_validate(values))


@pytest.fixture
def data(tmp_path) -> DataDir:
    data = DataDir(tmp_path)
    for number, days in enumerate((400, 300, 250, 200, 101, 99, 7, 0)):
        made(data, f"week-{number}", days)
        version = {2: RELEASE, 3: SNAPSHOT}.get(number, f"2025{number:04d}_000000")
        note_published(data.state_db, f"week-{number}", version, version, at(days))
    data.release(RELEASE).mkdir(parents=True)
    with sqlite3.connect(data.state_db) as db:
        db.execute("INSERT INTO snapshots VALUES ('boxone', 'week-3', NULL, 1, NULL)")
    made(data, "overtaken", 350, "failed", base="19990101_000000")
    made(data, "waits", 350, "needs_approval", base="19990101_000000")
    made(data, "never-planned", 350, "failed")
    data.run("never-planned").plan.unlink()
    data.current.symlink_to(RELEASE)
    return data


def runs(data: DataDir) -> list[str]:
    """Those with anything in it: `trainer tidy` deletes an empty folder."""
    return sorted(path.name for path in data.runs.iterdir() if any(path.iterdir()))


LEFT = ["waits", "week-2", "week-3", "week-5", "week-6", "week-7"]


def test_old_runs_go_whole_but_for_those_that_something_needs(data):
    everything = runs(data)
    assert clear_history(data, 0) == 0, "0 keeps all"
    assert clear_history(data, 1_000) == 0
    assert runs(data) == everything
    # a hundred days before the last release but one, which is a week old
    assert clear_history(data, KEPT - 7) == 5
    assert runs(data) == LEFT
    assert sorted(entry.run_id for entry in list_records(data)) == LEFT
    assert clear_history(data, KEPT - 7) == 0


def test_one_clock_that_is_years_ahead_makes_nothing_old(data):
    note_published(data.state_db, "ahead", "20990101_000000", "2099.01.01", "2099-01-01T00:00:00Z")
    everything = runs(data)
    assert clear_history(data, 500) == 0
    assert runs(data) == everything


CLEAR = "from trainer.retention.history import clear_history; clear_history(data, 93)"


@pytest.mark.parametrize("moment", [3, 7])
def test_a_clearing_that_was_killed_is_run_again(data, moment):
    assert killed_in(CLEAR, data.root, moment)
    clear_history(data, KEPT - 7)
    assert runs(data) == LEFT


def row(number: int, days: int, status: str = "fetched", reason: str | None = None) -> LedgerRow:
    return LedgerRow(
        url=f"https://x.test/{number}", status=status, sha256=sha(number), bytes=1,
        content_type="image/jpeg", reason=reason, etag=None, last_modified=None, source="boxone",
        fetched_at=at(days), run_id="week-0",
    )  # fmt: skip


def addresses(data: DataDir) -> set[int]:
    with sqlite3.connect(data.state_db) as db:
        found = db.execute("SELECT url FROM image_ledger").fetchall()
    return {int(url.rpartition("/")[2]) for (url,) in found}


def listed(data: DataDir) -> None:
    """The current snapshot: image 1 with its row, 2 advertised only, 3 by someone deleted."""
    folder = data.run("week-3").snapshot("boxone")
    write_rows(folder / "images.parquet", [vars(row(1, 300))], IMAGES)
    blank = dict.fromkeys(PERFORMERS.names) | {
        "source": "boxone",
        "name": "Ana",
        "page_url": "https://x.test",
    }
    rows = [
        blank | {"source_id": str(n), "deleted": n == 3, "images": [{"url": f"https://x.test/{n}"}]}
        for n in (1, 2, 3)
    ]
    write_rows(folder / "performers.parquet", rows, PERFORMERS)


def test_an_address_goes_when_nobody_lists_it_and_nothing_of_it_is_left(data):
    listed(data)
    rows = [row(number, 300) for number in range(1, 6)]
    rows += [row(6, 300, "refused", "too_small"), row(7, 99)]
    rows += [row(8, 300, "refused", f"{EXCLUDED}: by hash")]
    remember(data, rows)
    write_bytes(data.image(sha(4)), b"x")
    blank = dict.fromkeys(FACES.names) | {"outcome": "no_face", "face_no": -1}
    cache = data.faces("pack") / "part-0.parquet"
    write_rows(cache, [blank | {"image_sha256": sha(5)}], FACES)
    clear_history(data, KEPT - 7)
    assert addresses(data) == {1, 2, 4, 5, 7, 8}
    # With the row or without: what is gone would have been fetched anew.
    ledger = ImageLedger(data, "next")
    assert ledger.known("https://x.test/8") is not None
    assert ledger.known("https://x.test/3") is None
    ledger.close()


def test_what_an_old_run_fetched_without_publishing_is_remembered(data):
    listed(data)
    staging = data.run("overtaken").staging("boxone")
    rows = [row(1, 350), row(2, 350, "failed"), row(9, 350)]
    write_rows(staging / "images-000000.parquet", [vars(each) for each in rows], IMAGES)
    clear_history(data, KEPT - 7)
    assert addresses(data) == {1}, "2 is tried again, 9 is listed nowhere"


def test_ids_outlive_their_runs_and_a_published_run_is_not_made_again(tmp_path):
    world = IdentityWorld(tmp_path, {"boxone": creator("boxone")})
    first = world.run("week-1", [record("boxone", 1, "Ana Vask")])
    world.publish(first)
    before = read_identities(world.data.state_db)
    write_record(first.run, RunRecord(id="week-1", started_at=at(900), status="completed"))
    for number in (2, 3):
        note_published(world.data.state_db, f"w{number}", f"v{number}", f"v{number}", at(0))
    with sqlite3.connect(world.data.state_db) as db:
        db.execute("UPDATE snapshots SET run_id = 'w3'")
    assert clear_history(world.data, KEPT) == 1
    assert read_identities(world.data.state_db) == before
    with pytest.raises(StageFailed, match="start another build"):
        plan.run(first, {})
