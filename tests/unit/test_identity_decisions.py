"""Merges and splits that people decide: applied by the next build, and taken back. All invented."""

from __future__ import annotations

import sqlite3

import pytest
from typer.testing import CliRunner

from tests.unit.identity_world import IdentityWorld, record, shot, uuid
from trainer.cli import app
from trainer.errors import ConfigError
from trainer.identity.decide import decide_merge, decide_split, undo
from trainer.identity.decisions import read_identity_decisions
from trainer.staging.atomic import read_json
from trainer.state.store import read_identities

AT = "2026-11-23T00:00:00Z"
IMDB = "https://www.imdb.com/name/nm9990001"


def week(world: IdentityWorld, number: int, rows) -> dict[tuple[str, str], int]:
    """Resolve, commit; the ids that all records have then."""
    context = world.run(f"week-{number}", rows)
    world.publish(context)
    known = read_identities(world.data.state_db)
    return {claim: known.current(n) for claim, n in known.claims.items()}


def ids(world: IdentityWorld, found: dict[tuple[str, str], int]) -> list[int]:
    return [found[claim] for claim in sorted(found)]


@pytest.fixture
def world(tmp_path):
    return IdentityWorld(tmp_path)


def two_people(*, linked: bool = False):
    links = (IMDB,) if linked else ()
    other = "Ada Korin" if linked else "Tilda Moss"
    return [
        record("boxone", 1, "Ada Korin", shots=(shot(1, 1),), links=links),
        record("boxtwo", 2, other, shots=(shot(2, 1),), links=links),
        record("boxtwo", 3, "Nora Quill", shots=(shot(3, 1),)),
    ]


def test_a_merge_joins_what_no_evidence_does_and_undoing_it_gives_the_ids_back(world):
    assert ids(world, week(world, 1, two_people())) == [1, 2, 3]
    decide_merge(world.data, "1", f"boxtwo:{uuid(2)}", "same tattoo", AT)
    assert ids(world, week(world, 2, two_people())) == [1, 1, 3]
    assert ids(world, week(world, 3, two_people())) == [1, 1, 3]  # and stays so
    opposite = undo(world.data, 1, AT)
    assert opposite is not None
    assert opposite.action == "split"
    assert ids(world, week(world, 4, two_people())) == [1, 2, 3]
    with sqlite3.connect(world.data.state_db) as db:
        assert db.execute("SELECT old_id FROM merges").fetchall() == []
        assert db.execute("SELECT old_id, new_id FROM merges_undone").fetchall() == [(2, 1)]


def test_a_decision_that_no_build_applied_yet_is_just_taken_back(world):
    week(world, 1, two_people())
    decide_merge(world.data, "1", "2", "looks alike", AT)
    assert undo(world.data, 1, AT) is None
    assert read_identity_decisions(world.data) == []
    assert ids(world, week(world, 2, two_people())) == [1, 2, 3]


def test_a_split_holds_against_the_evidence_and_is_no_review(world):
    assert ids(world, week(world, 1, two_people(linked=True))) == [1, 1, 2]
    decide_split(world.data, [f"boxtwo:{uuid(2)}"], "another person", AT)
    for number in (2, 3):
        assert ids(world, week(world, number, two_people(linked=True))) == [1, 3, 2]
    reviews = read_json(world.data.run("week-3").resolve / "reviews.json")
    assert [review["kind"] for review in reviews] == ["link_of_two"]


def test_undoing_a_split_joins_again(world):
    week(world, 1, two_people(linked=True))
    decide_split(world.data, [f"boxtwo:{uuid(2)}"], "another person", AT)
    week(world, 2, two_people(linked=True))
    assert undo(world.data, 1, AT) is not None
    assert ids(world, week(world, 3, two_people(linked=True))) == [1, 1, 2]


def test_deciding_the_opposite_takes_the_earlier_decision_back(world):
    week(world, 1, two_people())
    decide_merge(world.data, "1", "2", "looks alike", AT)
    week(world, 2, two_people())
    decide_split(world.data, [f"boxtwo:{uuid(2)}"], "no", AT)
    assert [d.action for d in read_identity_decisions(world.data)] == ["split"]
    assert ids(world, week(world, 3, two_people())) == [1, 2, 3]


def test_a_split_keeps_apart_what_the_source_merges_later(world):
    rows = two_people(linked=True)
    week(world, 1, rows)
    decide_split(world.data, [f"boxtwo:{uuid(2)}"], "another person", AT)
    week(world, 2, rows)
    rows[2]["merged_ids"] = [uuid(2)]  # of another performer: that may well be
    rows[1] |= {"deleted": True, "merged_into_id": uuid(3)}
    found = week(world, 3, rows)
    assert found["boxone", uuid(1)] == 1
    assert found["boxtwo", uuid(2)] == found["boxtwo", uuid(3)] == 2


@pytest.mark.parametrize(
    ("act", "message"),
    [
        (lambda d: decide_merge(d, "1", "99", "x", AT), "no performer 99"),
        (lambda d: decide_merge(d, "1", "boxone:nobody", "x", AT), "no record"),
        (lambda d: decide_merge(d, "1", "mira", "x", AT), "neither"),
        (lambda d: decide_merge(d, "1", "1", "x", AT), "one performer already"),
        (lambda d: decide_split(d, [f"boxone:{uuid(1)}"], "x", AT), "all records"),
        (lambda d: decide_split(d, ["1", "2"], "x", AT), "several performers"),
        (lambda d: undo(d, 5, AT), "no decision 5"),
    ],
)
def test_what_cannot_be_decided_says_why(world, act, message):
    week(world, 1, two_people())
    with pytest.raises(ConfigError, match=message):
        act(world.data)


def test_the_commands(world):
    week(world, 1, two_people(linked=True))
    root = ["--data-dir", str(world.data.root)]

    def run(*words: str) -> str:
        done = CliRunner().invoke(app, ["identity", *words, *root])
        assert done.exit_code == 0, done.output
        return done.stdout

    shown = run("show", f"boxtwo:{uuid(2)}")
    assert "performer 1" in shown
    assert "shared_link (1.20)" in shown
    assert "are not one person: wrong link" in run(
        "split", f"boxtwo:{uuid(2)}", "--reason", "wrong link"
    )
    assert run("decisions").startswith(f"1: split boxtwo:{uuid(2)} from boxone:{uuid(1)}")
    assert "taken back" in run("undo", "1")
    assert run("decisions") == "nobody decided anything yet\n"
    assert "taken back" in run("decisions", "--all")
