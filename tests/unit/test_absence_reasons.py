"""Reasons in the diff: looked up in what the run's steps left behind."""

from __future__ import annotations

from typing import cast

from tests.unit.identity_world import IdentityWorld, record, sha, shot, uuid
from trainer.pipeline.absence_reasons import RunReasons
from trainer.pipeline.record_faces import record_faces
from trainer.release.diff_read import Person
from trainer.snapshots.current import snapshot_dirs
from trainer.staging.rows import PerformerRecord


def person(number: int) -> Person:
    return Person(performer_id=number, universal_id=None, name="Somebody")


def test_reasons(tmp_path):
    world = IdentityWorld(tmp_path)
    both = shot(9, 1)
    rows = [
        record("boxone", 1, "Ada Korin", shots=(shot(1, 1),)),
        record("boxone", 2, "Bea Lund", shots=(shot(2, 1),), birth_date="2000"),  # starts in 2010
        record("boxone", 3, "Cia Moss", shots=(both,)),
        record("boxone", 4, "Dora Nim", shots=(both,)),
        record("boxone", 5, "Eva Olm"),
        record("boxone", 6, "Fay Prim", shots=(shot(6, 1),), deleted=True),
    ]
    why = RunReasons(world.run("week-1", rows))
    assert why.person(person(2), [("boxone", uuid(2))]) == "quarantined: under_age"
    conflict = "same_picture_under_two_performers"
    assert why.person(person(3), []) == f"no face left: 1 {conflict}"
    assert why.person(person(5), []) == "no face left: no picture is there"
    assert why.person(person(6), []) == "none of its sources lists it any more"
    assert why.face((sha(both), 0)) == conflict
    assert why.face((sha(shot(1, 1)), 0)) == "single_face"
    assert why.face(("0" * 64, 0)) == "its picture is not offered any more"
    assert why.merge(7) == "another performer has its id now"


def test_a_picture_that_many_have_is_nobodys_face(tmp_path):
    """Neither a question about two of them nor a likeness that makes them one."""
    stand_in = shot(9, 1)
    rows = [record("boxone", n, f"Ada Korin {n}", shots=(stand_in,)) for n in range(1, 5)]
    rows.append(record("boxone", 5, "Bea Lund", shots=(shot(5, 1), stand_in)))
    context = IdentityWorld(tmp_path).run("week-1", rows)
    why = RunReasons(context)
    assert why.person(person(1), []) == "no face left: 1 stand_in_picture"
    assert why.face((sha(shot(5, 1)), 0)) == "single_face"
    found = context.result("select")
    assert found["stand_ins"] == 1
    assert found["reviews"] == {}
    assert found["absent"] == {"only_stand_ins": 4}
    assert found["funnel"]["boxone"] == {"single_face": 1, "stand_in_picture": 5}
    claims = {("boxone", uuid(n)) for n in range(1, 6)}
    records = {("boxone", row["source_id"]): cast(PerformerRecord, row) for row in rows}
    cache, dirs = context.data.faces(context.plan.pack_id), snapshot_dirs(context).values()
    alike = record_faces(cache, dirs, records, claims)
    assert alike(("boxone", uuid(1)), ("boxone", uuid(2))) is None
    assert alike(("boxone", uuid(5)), ("boxone", uuid(2))) is None


def test_who_was_merged_into_somebody_in_quarantine_is_said_to_be_there(tmp_path):
    world = IdentityWorld(tmp_path)
    rows = [record("boxone", n, "Ada Korin", birth_date="1980-02-03") for n in (1, 2)]
    world.publish(world.run("week-1", rows))
    rows[0] |= {"merged_ids": [uuid(2)], "birth_date": "2005-02-03"}  # starts in 2010
    rows[1]["merged_into_id"] = uuid(1)
    why = RunReasons(world.run("week-2", rows))
    assert why.person(person(2), []) == "quarantined: under_age"
    assert why.person(person(1), []) == "quarantined: under_age"


def test_a_face_that_somebody_in_quarantine_has_as_well(tmp_path):
    both = shot(9, 1)
    rows = [
        record("boxone", 1, "Ada Korin", shots=(both,)),
        record("boxone", 2, "Bea Lund", shots=(both, shot(2, 1)), birth_date="2000"),
    ]
    why = RunReasons(IdentityWorld(tmp_path).run("week-1", rows))
    assert why.face((sha(both), 0)) == "same_picture_under_two_performers"
    assert why.face((sha(shot(2, 1)), 0)) == "quarantined"


def test_who_was_excluded_is_said_to_be(tmp_path):
    world = IdentityWorld(tmp_path)
    from trainer.state.decisions import deciding

    with deciding(world.data) as db:
        for kind, value in (("id", f"boxone:{uuid(1)}"), ("image", sha(shot(1, 1)))):
            db.execute(
                "INSERT INTO exclusions (kind, value, reason, added_at) VALUES (?, ?, '', '')",
                (kind, value),
            )
    rows = [record("boxone", n, f"Ada Korin {n}", shots=(shot(n, 1),)) for n in (1, 2)]
    why = RunReasons(world.run("week-1", rows))
    assert why.person(person(1), [("boxone", uuid(1))]) == "excluded"
    assert why.face((sha(shot(1, 1)), 0)) == "excluded"


def test_a_run_without_verdicts_says_what_it_knows(tmp_path):
    context = IdentityWorld(tmp_path).run("week-1", [record("boxone", 5, "Eva Olm")])
    (context.run.select / "verdicts.parquet").unlink()
    why = RunReasons(context)
    assert why.person(person(1), []) == "no face left: no picture is there"
    assert why.face(("0" * 64, 0)) == "its picture is not offered any more"
