"""What a purge has to find: other ids in older runs, parts of rows, words in state.db, kills."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import asdict

import polars as pl
import pytest

from tests.killed import killed_in
from tests.unit.identity_world import WHEN, IdentityWorld, record, sha, shot, uuid
from tests.unit.test_identity_steps import MIRA, rows
from trainer.exclusions.edit import add
from trainer.exclusions.purge import purge
from trainer.identity.reviews import Review, read_reviews, write_reviews
from trainer.release.inputs import PERFORMER_INPUT
from trainer.staging.atomic import read_json, sha256_file, write_json
from trainer.staging.frames import read_frame
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import IMAGES, PERFORMERS, TARGETS
from trainer.state.decisions import deciding


@pytest.fixture
def world(tmp_path):
    return IdentityWorld(tmp_path)


def exclude(world, number=1):
    add(world.data, "id", f"boxone:{uuid(number)}", "asked", WHEN)


def nothing(done) -> bool:
    return not any(asdict(done).values())


def everything(world) -> str:
    """All that the runs' tables say, but pages of her name that nobody confirmed to be hers."""
    paths = [p for p in world.data.runs.rglob("*.parquet") if p.parent.name != "maybe"]
    with pl.Config(fmt_str_lengths=10_000, tbl_rows=-1):
        return "\n".join(str(read_frame(path).to_dicts()) for path in paths)


def apart() -> list[dict]:
    """Mira's two records before anything said that they are one person."""
    one, two, *others = rows()
    return [one | {"urls": []}, two | {"name": "Mira Vee", "aliases": [], "birth_date": None},
            *[row for row in others if row["source"] == "boxone"]]  # fmt: skip


def test_an_older_run_has_the_person_under_the_id_before_a_merge(world):
    world.publish(world.run("week-1", apart()))
    world.publish(world.run("week-2", rows()))
    with sqlite3.connect(world.data.state_db) as db:
        assert db.execute("SELECT count(*) FROM merges").fetchone() == (1,)
    exclude(world)
    purge(world.data)
    assert "Mira" not in everything(world)
    assert "Bo Ren" in everything(world)
    assert nothing(purge(world.data))


def test_a_run_that_was_never_published_has_ids_of_its_own(world):
    others = [record("boxone", 60 + n, f"Uma {n}", shots=[shot(60 + n, 0)]) for n in range(3)]
    world.run("candidate", [*others, *rows()])
    world.publish(world.run("week-1", rows()))
    exclude(world)
    purge(world.data)
    assert "Mira" not in everything(world)
    left = read_frame(world.data.run("candidate").resolve / "performers.parquet")
    assert left["canonical_name"].to_list().count("Uma 0") == 1  # who has Mira's id there


def test_what_others_faces_were_compared_with_is_forgotten(world):
    context = world.run("week-1", rows())
    world.publish(context)
    path = context.run.select / "nearest.parquet"
    frame = read_frame(path)
    mira = frame.filter(pl.col("image_sha256") == sha(shot(MIRA, 0)))["performer_id"].item()
    other = pl.when(pl.col("performer_id") != mira).then(mira).otherwise(None)
    frame.with_columns(other.cast(pl.Int64).alias("other_performer_id")).write_parquet(path)
    exclude(world)
    purge(world.data)
    after = read_frame(path)
    assert mira not in after["performer_id"].to_list()
    assert after["other_performer_id"].to_list() == [None] * len(after)
    assert len(after) == len(frame.filter(pl.col("performer_id") != mira)) > 0


def test_a_page_that_is_asked_for_others_too_is_asked_for_without_the_person(world):
    context = world.run("week-1", rows())
    candidates = {
        "mira": [_candidate(1, "Mira Vask")],
        "both": [_candidate(1, "Mira Vask"), _candidate(3, "Bo Ren")],
        "bo": [_candidate(3, "Bo Ren")],
    }
    blank = {"found_by": "name", "scene_count": None}
    asked = [
        blank | {"page_id": page, "path": f"/star/{page}", "candidates": who}
        for page, who in candidates.items()
    ]
    write_rows(context.run.targets("maybe"), asked, TARGETS)
    exclude(world)
    purge(world.data)
    left = read_frame(context.run.targets("maybe")).to_dicts()
    assert [(row["page_id"], len(row["candidates"])) for row in left] == [("both", 1), ("bo", 1)]
    assert "Mira" not in str(left)
    assert nothing(purge(world.data))


def test_empty_tables_are_no_trouble(world):
    context = world.run("week-1", rows())
    write_rows(context.run.targets("maybe"), [], TARGETS)
    write_rows(context.run.resolve / "performers.parquet", [], PERFORMER_INPUT)
    exclude(world)
    purge(world.data)
    assert "Mira" not in everything(world)


def _candidate(number, name):
    blank = dict.fromkeys(("aliases", "country", "urls", "birth_date"))
    return blank | {"source": "boxone", "source_id": uuid(number), "name": name}


def test_words_about_the_person_are_replaced_in_state_db_and_in_runs(world):
    world.publish(world.run("week-1", apart()))
    context = world.run("week-2", rows())
    world.publish(context)
    mira = world_id(world, "boxone", 1)
    asked = {"kind": "link_of_two", "source": "boxone", "url": "https://x.example"}
    theirs = Review(**asked, performers=(mira,), text="Mira Vask and another")
    other = theirs.model_copy(update={"performers": (999,), "text": "about Bo Ren"})
    write_reviews(context.run.select, [theirs, other])
    with deciding(world.data) as db:
        for item in (theirs, other):
            values = (item.key, item.kind, item.text, "seen", WHEN)
            db.execute("INSERT INTO reviews_left VALUES (?, ?, ?, ?, ?)", values)
        for table in ("merges", "claim_evidence"):
            db.execute(f"UPDATE {table} SET evidence = evidence || ' of Mira Vask'")  # noqa: S608 - no names but ours
        db.execute("INSERT INTO merges_undone VALUES (?, 999, 'Mira Vask', 'a', 'b')", (mira,))
        db.execute("INSERT INTO merges_undone VALUES (998, 999, 'Bo Ren', 'a', 'b')")
    exclude(world)
    assert purge(world.data).texts >= 5
    left = b"".join(p.read_bytes() for p in world.data.root.glob("state.db*"))
    assert b"Mira Vask and" not in left
    with closing(sqlite3.connect(world.data.state_db)) as db:
        assert db.execute("SELECT evidence FROM merges").fetchall() == [("purged",)]
        undone = db.execute("SELECT evidence FROM merges_undone ORDER BY 1").fetchall()
        assert undone == [("Bo Ren",), ("purged",)]
        texts = dict(db.execute("SELECT key, text FROM reviews_left"))
        assert texts == {theirs.key: "purged", other.key: "about Bo Ren"}
        claim = ("boxtwo", uuid(2))
        query = "SELECT evidence FROM claim_evidence WHERE source = ? AND source_id = ?"
        assert db.execute(query, claim).fetchall() == [("purged",)]
    assert read_reviews(context.run.select) == [other]
    for run in ("week-1", "week-2"):
        kept = read_json(world.data.run(run).resolve / "identities.json")
        own = {(s, i): text for s, i, text in kept["evidence"]}
        assert own.get(claim, "purged") == "purged"
        assert all(merge["evidence"] == "purged" for merge in kept["merges"])
    assert nothing(purge(world.data))


def world_id(world, source, number):
    with closing(sqlite3.connect(world.data.state_db)) as db:
        query = "SELECT performer_id FROM claims WHERE source = ? AND source_id = ?"
        return db.execute(query, (source, uuid(number))).fetchone()[0]


def test_what_a_rejected_candidate_left_says_nothing_of_the_person(world):
    for run, number in (("hers", 1), ("others", 3)):
        people = {"added": [{"name": "somebody", "universal_id": f"boxone.example:{uuid(number)}"}]}
        write_json(world.data.run(run).release / "diff.json", people)
    world.publish(world.run("week-1", rows()))
    exclude(world)
    assert purge(world.data).candidates == ["hers"]
    assert world.data.run("others").release.exists()


PURGE = "from trainer.exclusions.purge import purge; purge(data)"
PARTS = 'event == "os.rename" and "staging" in str(arguments[1])'


@pytest.mark.parametrize("moment", range(6))
def test_a_purge_killed_between_a_part_and_its_manifest_is_mended_by_the_next(world, moment):
    world.publish(world.run("week-1", rows()))
    staging = world.data.run("week-1").staging("boxone")
    mine = [row for row in rows() if row["source"] == "boxone"]
    write_rows(staging / "performers-000.parquet", mine, PERFORMERS)
    image = dict.fromkeys(IMAGES.names) | {"source": "boxone", "status": "fetched"}
    urls = [i["url"] for row in mine for i in row["images"]]
    images = [image | {"url": u, "sha256": sha(u), "fetched_at": WHEN} for u in urls]
    write_rows(staging / "images-000.parquet", images, IMAGES)
    StageManifest(
        run_id="week-1",
        stage="crawl",
        name="boxone",
        status="complete",
        started_at=WHEN,
        completed_at=WHEN,
        files={path.name: sha256_file(path) for path in staging.glob("*.parquet")},
    ).write(staging)
    exclude(world)
    killed_in(PURGE, world.data.root, moment, PARTS)
    purge(DataDir(world.data.root))
    manifest = StageManifest.read(staging)
    assert manifest is not None
    manifest.verify_files(staging)
    assert "Mira" not in everything(world)
