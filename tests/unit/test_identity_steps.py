"""resolve and select over whole snapshots: who is in the release, with which faces."""

from __future__ import annotations

import json
import random
import sqlite3

import pytest
from typer.testing import CliRunner

from tests.unit.identity_world import IdentityWorld, page, record, sha, shot
from trainer.cli import app
from trainer.identity.reviews import Review, read_reviews
from trainer.release.inputs import read_inputs
from trainer.release.sqlite_build import write_database
from trainer.staging.atomic import read_json
from trainer.staging.frames import read_frame
from trainer.state.store import read_identities

MIRA, BO, STRANGER = 1, 2, 3
IMDB = "https://www.imdb.com/name/nm9990001/"


def star(site: str, slug: str) -> str:
    return f"https://{site}.example/star/{slug}"


def rows() -> list[dict]:
    """Mira is in both boxes and on both sites; Bo is on one, and on one page nobody can confirm."""
    return [
        record(
            "boxone",
            1,
            "Mira Vask",
            birth_date="1986",
            links=[IMDB, star("surely", "mira-vask"), star("maybe", "mira")],
            shots=[shot(MIRA, 0), shot(MIRA, 1)],
        ),
        record("boxtwo", 2, "Mira V", aliases=["Mira Vask"], birth_date="1986-03", links=[IMDB]),
        record("boxone", 3, "Bo Ren", birth_date="1990", links=[star("maybe", "bo")]),
        record("boxone", 4, "Cy Quill", links=[star("surely", "cy"), star("maybe", "both")]),
        record("boxone", 5, "Cy Quill", links=[star("maybe", "both")], shots=[shot(5, 0)]),
        page(
            "surely",
            "mira-vask",
            "Mira Vask",
            aliases=["Vasca"],
            birth_date="1986-03-14",
            country="TN",
            height_cm=178,
            links=["https://x.com/Mira_Demo", "//www.imdb.com/name/nm9990001"],
            shots=[shot(MIRA, 2), {"url": shot(MIRA, 3), "fallback_for": shot(MIRA, 2)}],
        ),
        page("maybe", "mira", "Mira Vask", shots=[shot(MIRA, 4), shot(STRANGER, 0)]),
        page("maybe", "bo", "Bo Ren", shots=[shot(BO, 0), shot(BO, 1), shot(STRANGER, 1)]),
        page("surely", "cy", "Somebody Else", shots=[shot(STRANGER, 2)]),
        page("maybe", "both", "Cy Quill", shots=[shot(STRANGER, 3)]),
        page("maybe", "unlinked", "Mira Vask", shots=[shot(STRANGER, 4)]),
    ]


@pytest.fixture
def world(tmp_path):
    return IdentityWorld(tmp_path)


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    world = IdentityWorld(tmp_path_factory.mktemp("built"))
    context = world.run("week-1", rows())
    database = context.run.root / "performers.db"
    write_database(database, read_inputs(context.run.resolve, context.run.select), "demo-0123abcd")
    return world, context, sqlite3.connect(database)


def names(context) -> dict[int, list[tuple[str, str]]]:
    frame = read_frame(context.run.resolve / "performers.parquet")
    return {
        row["performer_id"]: sorted(
            (c["source"], c["source_id"]) for c in [*row["claims"], *row["references"]]
        )
        for row in frame.iter_rows(named=True)
    }


def faces(context) -> dict[tuple[int, str], str]:
    frame = read_frame(context.run.select / "faces.parquet")
    return {row[:2]: row[2] for row in frame.select("performer_id", "image_url", "rule").rows()}


def test_records_join_and_pages_are_attached(built):
    _, context, _ = built
    assert [[source for source, _ in own] for own in names(context).values()] == [
        ["boxone", "boxtwo", "maybe", "surely"],
        ["boxone", "maybe"],
        ["boxone"],
        ["boxone"],
    ]


def test_faces_come_by_trust(built):
    _, context, _ = built
    assert faces(context) == {
        (1, shot(MIRA, 0)): "single_face",
        (1, shot(MIRA, 1)): "single_face",
        (1, shot(MIRA, 2)): "single_face",
        (1, shot(MIRA, 4)): "agrees_with_trusted",
        (2, shot(BO, 0)): "dominant_cluster",
        (2, shot(BO, 1)): "dominant_cluster",
        (4, shot(5, 0)): "single_face",
    }
    funnel = read_json(context.run.select / "funnel.json")
    assert funnel["maybe"] == {
        "agrees_with_trusted": 1,
        "disagrees_with_trusted": 1,
        "dominant_cluster": 2,
        "outside_dominant_cluster": 1,
    }


def test_what_a_person_has_to_look_at(built):
    _, context, _ = built
    found = read_reviews(context.run.resolve)
    assert [(r.kind, r.source, r.performers) for r in found] == [
        ("page_claimed_by_two", "maybe", (3, 4)),
        ("unconfirmed_page", "surely", (3,)),
    ]
    figures = context.result("resolve")
    assert figures["reviews"] == {"page_claimed_by_two": 1, "unconfirmed_page": 1}
    assert figures["pages_dropped"] == {"maybe": 1}


def test_the_release_names_references_but_never_as_stash_boxes(built):
    _, _, db = built
    endpoints = db.execute("SELECT DISTINCT endpoint FROM stashbox_ids").fetchall()
    assert sorted(endpoints) == [("boxone",), ("boxtwo",)]
    mira = "WHERE performer_id = 1 ORDER BY 1, 2"
    assert db.execute(f"SELECT alias, source_endpoint FROM aliases {mira}").fetchall() == [  # noqa: S608 - no names but ours
        ("Mira V", "boxtwo"),
        ("Vasca", "surely"),
    ]
    columns = "site, normalized_id, url, source_endpoint"
    assert db.execute(f"SELECT {columns} FROM external_urls {mira}").fetchall() == [  # noqa: S608 - no names but ours
        ("imdb", "nm9990001", IMDB.rstrip("/"), "boxone"),
        ("maybe", "mira", star("maybe", "mira"), "boxone"),
        ("surely", "mira-vask", star("surely", "mira-vask"), "boxone"),
        ("twitter", "mira_demo", "https://x.com/mira_demo", "surely"),
    ]


def test_creators_win_and_pages_fill_gaps(built):
    _, _, db = built
    facts = "canonical_name, birth_date, country, height_cm"
    assert db.execute(f"SELECT {facts} FROM performers WHERE id = 1").fetchone() == (  # noqa: S608 - no names but ours
        "Mira Vask",
        "1986",
        "TN",
        178,
    )


def test_a_fallback_is_used_only_where_the_picture_is_gone(world):
    context = world.run("run", rows(), without={shot(MIRA, 2)})
    taken = {url for owner, url in faces(context) if owner == 1}
    assert shot(MIRA, 3) in taken


def test_a_page_can_keep_a_performer_out_and_let_nobody_in(world):
    young = [
        record("boxone", 1, "Mira Vask", links=[star("surely", "m")], shots=[shot(1, 0)]),
        page("surely", "m", "Mira Vask", birth_date="1999-05"),
        page("surely", "alone", "Nobody Known", shots=[shot(2, 0)]),
    ]
    context = world.run("run", young)
    assert names(context) == {}
    assert context.result("resolve")["quarantined"] == {"under_age": 1}


def test_the_order_of_rows_changes_nothing(built, world):
    _, context, _ = built
    mixed = rows()
    random.Random(7).shuffle(mixed)
    again = world.run("week-1", mixed)
    for step, name in (("resolve", "performers"), ("select", "faces")):
        first, second = (
            (getattr(c.run, step) / f"{name}.parquet").read_bytes() for c in (context, again)
        )
        assert first == second, name
    assert read_reviews(again.run.resolve) == read_reviews(context.run.resolve)


def test_ids_are_permanent_and_every_join_keeps_its_evidence(world):
    first = world.run("week-1", rows())
    world.publish(first)
    known = read_identities(world.data.state_db)
    assert known.claims["surely", "mira-vask"] == known.claims["boxtwo", _uuid(2)] == 1
    assert ("maybe", "both") not in known.claims
    with sqlite3.connect(world.data.state_db) as db:
        evidence = dict(
            db.execute("SELECT source || ':' || source_id, evidence FROM claim_evidence")
        )
    assert evidence["surely:mira-vask"] == f"found by url of boxone:{_uuid(1)}"
    assert "share the link https://www.imdb.com/name/nm9990001" in evidence[f"boxtwo:{_uuid(2)}"]
    changed = [row | {"urls": []} if row["source"] == "boxtwo" else row for row in rows()]
    changed.insert(0, record("boxone", 0, "A Newcomer", shots=[shot(9, 0)]))
    second = world.run("week-2", changed)
    before, after = names(first), names(second)
    assert {number: after[number] for number in before} == before
    assert sorted(after.keys() - before.keys()) == [5]


def test_a_page_that_moves_to_somebody_else_waits_for_a_person(world):
    world.publish(world.run("week-1", rows()))
    moved = rows()
    moved[0]["urls"] = [u for u in moved[0]["urls"] if "surely" not in u["url"]]
    moved[2]["urls"].append({"url": star("surely", "mira-vask"), "site": "Somewhere"})
    context = world.run("week-2", moved)
    kinds = [(r.kind, r.performers) for r in read_reviews(context.run.resolve)]
    assert ("page_moved", (2,)) in kinds
    assert sha(shot(MIRA, 2)) not in set(
        read_frame(context.run.select / "faces.parquet")["image_sha256"]
    )


def test_the_command_lists_reviews(built):
    world, _, _ = built
    root = str(world.data.root)
    record_ = world.data.run("week-1").record
    record_.write_text(
        json.dumps({"id": "week-1", "started_at": "2026-11-01T00:00:00Z", "status": "completed"})
    )
    plain = CliRunner().invoke(app, ["reviews", "--data-dir", root])
    assert plain.exit_code == 0
    assert plain.stdout.splitlines()[0] == "run week-1: 2 items to review"
    assert "unconfirmed_page (performers 3): surely:cy (Somebody Else)" in plain.stdout
    listed = CliRunner().invoke(app, ["reviews", "--run", "week-1", "--json", "--data-dir", root])
    assert [r["kind"] for r in json.loads(listed.stdout)["reviews"]] == [
        "page_claimed_by_two",
        "unconfirmed_page",
    ]
    items = {r["kind"]: r["key"] for r in json.loads(listed.stdout)["reviews"]}
    key = items["unconfirmed_page"]

    def run(*words):
        done = CliRunner().invoke(app, ["reviews", *words, "--data-dir", root])
        assert done.exit_code == 0, done.output
        return done.stdout

    assert "surely:cy" in run("leave", key, "--reason", "looked at, no way to tell")
    assert run().splitlines()[0] == "run week-1: 1 items to review"
    assert "(left as it is: looked at, no way to tell)" in run("--all")
    run("ask", key)
    assert run().splitlines()[0] == "run week-1: 2 items to review"
    for words in (["leave", "0123456789", "--reason", "x"], ["ask", key]):
        refused = CliRunner().invoke(app, ["reviews", *words, "--data-dir", root])
        assert "trainer reviews" in str(refused.exception)
    unknown = CliRunner().invoke(app, ["reviews", "--run", "nothing", "--data-dir", root])
    assert unknown.exit_code != 0
    assert "nothing" in str(unknown.exception)


def _uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def test_a_left_item_is_asked_again_when_it_says_something_else():
    item = Review(
        kind="face_of_another", source="a", url="u", performers=(1, 2), text="like 2's (0.57): one"
    )
    assert item.key == item.model_copy(update={"text": "like 2's (0.61): one"}).key
    for other in ({"text": "like 3's (0.57): one"}, {"performers": (1, 3)}, {"url": "v"}):
        assert item.key != item.model_copy(update=other).key
