"""What a person confirms holds in later builds, and is taken back like every decision."""

from __future__ import annotations

import pytest

from tests.unit.identity_world import IdentityWorld, page, record, sha, shot, uuid
from trainer.errors import ConfigError
from trainer.faces.face_rules import FACE_RULES_FILE
from trainer.identity.confirmations import confirm_face, confirmed_faces, confirmed_pages
from trainer.identity.decide import undo
from trainer.identity.decisions import read_identity_decisions
from trainer.identity.reviews import read_run_reviews
from trainer.pipeline.review_subjects import (
    can_confirm,
    confirm_item,
    face_named,
    newest_doubted_faces,
)
from trainer.runs.record import RunRecord, write_record
from trainer.staging.frames import read_frame
from trainer.state.decisions import digest

AT = "2026-11-08T00:00:00Z"
LINK = "https://surely.example/star/elsie"


@pytest.fixture
def world(tmp_path, monkeypatch):
    found = IdentityWorld(tmp_path)
    monkeypatch.setattr("trainer.identity.confirmations.load_sources", lambda _root: found._sources)
    return found


def rows():
    """Mira links to a page of another name; Bo's only picture shows Mira, who has three."""
    mira = [shot(1, n) for n in (1, 2, 3)]
    return [
        record("boxone", 1, "Mira Vask", links=(LINK,), shots=mira),
        record("boxone", 2, "Bo Lund", shots=(shot(1, 9),)),
        page("surely", "elsie", "Elsie Other"),
    ]


def built(world, run_id):
    context = world.run(run_id, rows())
    world.publish(context)
    write_record(context.run, RunRecord(id=run_id, started_at=run_id, status="completed"))
    return context


def item(context, kind):
    return next(i for i in read_run_reviews(context.run) if i.kind == kind)


def rule_of_bo(context):
    frame = read_frame(context.run.select / FACE_RULES_FILE)
    return dict(frame.select("image_sha256", "rule").iter_rows())[sha(shot(1, 9))]


def kinds(context):
    return {i.kind for i in read_run_reviews(context.run)}


def attached(context):
    frame = read_frame(context.run.resolve / "owners.parquet")
    return "elsie" in frame["source_id"].to_list()


def test_a_confirmed_page_is_attached_until_that_is_taken_back(world):
    context = built(world, "week-1")
    doubt = item(context, "unconfirmed_page")
    assert not attached(context)
    before = digest(world.data)
    decision = confirm_item(world.data, context.run, doubt, None, "same tattoo", AT)
    assert digest(world.data) != before  # a build that has begun is not published with it
    assert "page:surely:elsie" in decision.text()
    for run_id in ("week-2", "week-3"):
        context = built(world, run_id)
        assert attached(context)
        assert "unconfirmed_page" not in kinds(context)
    assert undo(world.data, decision.number, AT) is None
    context = built(world, "week-4")
    assert not attached(context)
    assert "unconfirmed_page" in kinds(context)


def test_a_confirmed_face_stays_until_that_is_taken_back(world):
    context = built(world, "week-1")
    assert rule_of_bo(context) == "face_of_another"
    doubt = item(context, "face_of_another")
    decision = confirm_item(world.data, context.run, doubt, None, "twins", AT)
    context = built(world, "week-2")
    assert rule_of_bo(context) == "confirmed_by_person"
    assert "face_of_another" not in kinds(context)
    faces = read_frame(context.run.select / "faces.parquet")
    assert sha(shot(1, 9)) in faces["image_sha256"].to_list()
    assert undo(world.data, decision.number, AT) is None
    assert rule_of_bo(built(world, "week-3")) == "face_of_another"


def test_what_is_confirmed_anew_replaces_what_was(world):
    built(world, "week-1")
    confirm_face(world.data, sha(shot(1, 9)), 0, 2, "twins", AT)
    confirm_face(world.data, sha(shot(1, 9)), 0, 1, "no, Mira", AT)
    (face,) = confirmed_faces(read_identity_decisions(world.data))
    assert face == (sha(shot(1, 9)), 0, ("boxone", uuid(1)))
    assert confirmed_pages(read_identity_decisions(world.data)) == {}


def test_doubted_faces_are_listed_with_a_key(world):
    built(world, "week-1")
    (key,) = [f"2:{sha(shot(1, 9))}:0"]
    assert [face.rule for face in newest_doubted_faces(world.data)] == ["face_of_another"]
    face = face_named(world.data, key)
    assert (face.performer_id, face.other_performer_id, face.key) == (2, 1, key)
    with pytest.raises(ConfigError, match="trainer reviews faces"):
        face_named(world.data, "2:0:0")


def test_only_pages_and_faces_are_confirmed_and_only_for_whom_they_name(world):
    context = built(world, "week-1")
    doubt = item(context, "unconfirmed_page")
    other = doubt.model_copy(update={"kind": "may_be_one_person"})
    assert can_confirm(doubt)
    assert not can_confirm(other)
    wrong = [
        (other, None),
        (doubt, 2),
        (doubt.model_copy(update={"url": "https://surely.example/star/nobody"}), None),
        (doubt.model_copy(update={"performers": (9,)}), 9),
        (item(context, "face_of_another").model_copy(update={"url": "x"}), None),
    ]
    for review, performer in wrong:
        with pytest.raises(ConfigError):
            confirm_item(world.data, context.run, review, performer, "why", AT)
    assert read_identity_decisions(world.data) == []


def test_before_the_first_build_no_face_is_doubted(world):
    assert newest_doubted_faces(world.data) == []
