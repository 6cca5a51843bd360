"""The sample of scene queries over weeks, what is purged of them, and a release's figures."""

from __future__ import annotations

import json

import numpy as np
import pytest

from tests.release_fixtures import built
from tests.release_world import faces as release_faces
from tests.release_world import performer, write_world
from tests.unit.identity_world import (
    PACK,
    WHEN,
    IdentityWorld,
    creator,
    record,
    sha,
    shot,
    uuid,
)
from trainer.config.params import BuildParams
from trainer.embedding.scene_queries import (
    AS_IS,
    KINDS,
    PREFIX,
    known_queries,
    query_parts,
    sample_order,
)
from trainer.exclusions.edit import add
from trainer.exclusions.purge import purge
from trainer.faces.cache import cached_pictures
from trainer.pipeline.steps import evaluate, plan_embed
from trainer.release.evaluation import read_evaluation
from trainer.release.files import require_intact
from trainer.retention.images import prune_vectors
from trainer.staging.atomic import read_json, write_bytes, write_json
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import FACES, SCENE_QUERIES

MANY = 100


def query_rows(pictures, outcome="no_face"):
    vector = np.zeros(512, "<f2")
    vector[0] = 1
    found = vector.tobytes() if outcome == "face" else None
    return [
        {"image_sha256": picture, "face_no": 0, "kind": kind, "outcome": outcome}
        | {"facenet": found, "arcface": found}
        for picture in pictures
        for kind in KINDS
    ]


def people(count, each=1):
    return [
        record("stashdb", number, f"Person {number}", shots=[shot(number, n) for n in range(each)])
        for number in range(1, count + 1)
    ]


class Weeks:
    """plan_embed over an invented world."""

    def __init__(self, root) -> None:
        self.world = IdentityWorld(root, {"stashdb": creator("stashdb")})
        self.data = self.world.data
        self.cache = self.data.faces(PACK)

    def plan(self, run_id, rows, **params):
        """The result of `plan_embed`, all pictures being there, and what it asks for."""
        context = self.world.run(run_id, rows)
        content = read_json(context.run.plan)
        content["params"] = BuildParams(**params).model_dump(mode="json")
        write_json(context.run.plan, content)
        vars(context).pop("plan", None)  # which is read once
        result = plan_embed.run(context)
        paths = [context.run.embed_shard(shard) / "job.json" for shard in result["shards"]]
        jobs = [json.loads(path.read_text()) for path in paths]
        return result, sorted(p for job in jobs for p in job["scene_queries"])

    def fetch(self, rows):
        for row in rows:
            for image in row["images"]:
                write_bytes(self.data.image(sha(image["url"])), b"bytes")

    def embed(self, pictures, name="000-of-001-1"):
        write_rows(self.cache / f"{PREFIX}{name}.parquet", query_rows(pictures), SCENE_QUERIES)


@pytest.fixture
def weeks(tmp_path):
    return Weeks(tmp_path)


def test_the_sample_stays_and_the_second_week_embeds_only_what_is_new_in_it(weeks):
    first = people(MANY)
    weeks.fetch(first)
    result, asked = weeks.plan("week-1", first, scene_queries=40)
    assert (result["scene_queries"], result["no_scene_queries"]) == (40, "")
    everything = {sha(shot(number, 0)) for number in range(1, MANY + 1)}
    assert asked == sorted(sample_order(everything)[:40])
    assert weeks.plan("week-1", first, scene_queries=40)[1] == asked
    before = cached_pictures(weeks.cache)
    weeks.embed([*asked, "f" * 64])
    assert cached_pictures(weeks.cache) == before  # no candidates of any release
    assert weeks.plan("week-1", first, scene_queries=40)[1] == []
    second = people(MANY + 20)
    weeks.fetch(second)
    result, new = weeks.plan("week-2", second, scene_queries=40)
    added = {sha(shot(number, 0)) for number in range(MANY + 1, MANY + 21)}
    assert 0 < len(new) < 20
    assert set(new) <= added
    assert set(new) == set(sample_order(everything | added)[:40]) - set(asked)


def test_pictures_that_are_gone_stay_in_the_sample_by_their_copies_only(weeks):
    rows = people(MANY)
    weeks.fetch(rows)
    _, asked = weeks.plan("week-1", rows, scene_queries=10)
    weeks.embed(asked[:6])
    for picture in asked:
        weeks.data.image(picture).unlink()
    _, others = weeks.plan("week-2", rows, scene_queries=10)
    assert len(others) == 4
    assert not set(others) & set(asked)


@pytest.mark.parametrize(
    ("count", "params", "why"),
    [
        (MANY - 1, {}, "fewer than 100 performers"),
        (MANY, {"scene_queries": 0}, "scene_queries is 0"),
        (MANY, {"enable_faces": False}, "enable_faces is false"),
    ],
)
def test_off_for_tiny_databases_and_by_parameter(weeks, count, params, why, caplog):
    rows = people(count)
    weeks.fetch(rows)
    result, asked = weeks.plan("week-1", rows, **params)
    assert asked == []
    assert why in result["no_scene_queries"]
    assert any(why in line for line in caplog.messages)
    assert result["shards"] == []  # all faces are in the cache


def test_people_who_are_excluded_are_not_in_the_sample(weeks):
    rows = people(MANY + 5)
    weeks.fetch(rows)
    add(weeks.data, "id", f"stashdb:{uuid(7)}", "asked", WHEN)
    _, asked = weeks.plan("week-1", rows)
    assert len(asked) == MANY + 4
    assert sha(shot(7, 0)) not in asked


def test_a_damaged_part_and_those_of_another_version_are_deleted_and_made_again(weeks, caplog):
    rows = people(MANY)
    weeks.fetch(rows)
    _, asked = weeks.plan("week-1", rows, scene_queries=10)
    weeks.embed(asked[:5])
    weeks.embed(asked[5:], "000-of-001-2")
    damaged, whole = query_parts(weeks.cache)
    content = bytearray(damaged.read_bytes())
    content[60] ^= 1
    damaged.write_bytes(content)
    older = weeks.cache / "queries-v0-000-of-001-1.parquet"
    write_rows(older, query_rows(asked), SCENE_QUERIES)
    _, again = weeks.plan("week-1", rows, scene_queries=10)
    assert again == sorted(asked[:5])
    assert query_parts(weeks.cache) == [whole]
    assert sum("deleted" in line for line in caplog.messages) == 2


def test_the_copies_of_a_purged_person_go_and_damaged_parts_with_them(weeks):
    rows = people(MANY)
    weeks.plan("week-1", rows)
    mine, other = sha(shot(7, 0)), sha(shot(8, 0))
    weeks.embed([mine, other])
    older = weeks.cache / "queries-v0-000-of-001-1.parquet"
    write_rows(older, query_rows([mine]), SCENE_QUERIES)
    weeks.embed([mine], "damaged")
    damaged = weeks.cache / f"{PREFIX}damaged.parquet"
    damaged.write_bytes(damaged.read_bytes()[:-9])
    add(weeks.data, "id", f"stashdb:{uuid(7)}", "asked", WHEN)
    assert purge(weeks.data).faces == 1 + 2 * len(KINDS)
    assert known_queries(weeks.cache) == {other}
    assert not damaged.exists()
    assert all(mine.encode() not in part.read_bytes() for part in query_parts(weeks.cache))


def test_copies_go_with_the_last_that_asks_for_their_picture(weeks, monkeypatch):
    weeks.plan("week-1", people(3))
    weeks.embed([sha(shot(1, 0)), sha(shot(2, 0))])
    monkeypatch.setattr("trainer.retention.images.asked_pictures", lambda _data: {sha(shot(1, 0))})
    prune_vectors(weeks.data)
    assert known_queries(weeks.cache) == {sha(shot(1, 0))}


class Released:
    """`evaluate` over a small release of `people`, three faces each, with copies of some."""

    def __init__(self, weeks, people, asked=30, **params) -> None:
        rows = [n for n in range(1, people + 1) for _ in range(3)]
        self.faces = release_faces(rows)
        context = weeks.world.run("week-1", [record("stashdb", 1, "Ana", shots=[shot(1, 0)])])
        content = read_json(context.run.plan) | {"params": BuildParams(**params).model_dump()}
        write_json(context.run.plan, content)
        vars(context).pop("plan", None)  # which is read once
        performers = [performer(n) for n in range(1, people + 1)]
        built(write_world(weeks.data.root / "world", performers, self.faces), context.run.release)
        blank = dict.fromkeys(FACES.names)
        figures = [
            blank
            | {"image_sha256": f["image_sha256"], "face_no": 0, "outcome": "face"}
            | {"phash": bytes.fromhex(f["image_sha256"][:16])}
            for f in self.faces
        ]
        write_rows(weeks.cache / "part-release.parquet", figures, FACES)
        self.cache, self.context = weeks.cache, context
        self.write(self.faces[:asked])

    def write(self, faces):
        """Copies that are as good as their pictures, but for one kind in which nothing is found."""
        rows = []
        for face in faces:
            found = {slot: face[slot] for slot in ("facenet", "arcface")} | {"outcome": "face"}
            own = query_rows([face["image_sha256"]])
            rows += [row | found if row["kind"] != "covered" else row for row in own]
        write_rows(self.cache / f"{PREFIX}000-of-001-1.parquet", rows, SCENE_QUERIES)

    def evaluate(self):
        result = evaluate.run(self.context)
        found = read_evaluation(self.context.run.release)
        assert found is not None
        return result, found


def test_the_figures_are_in_the_evaluation_the_calibration_and_the_run(weeks, caplog):
    released = Released(weeks, MANY + 10)
    result, found = released.evaluate()
    require_intact(released.context.run.release)  # the six files are as they were written
    kinds = found.scene_queries
    assert kinds.keys() == {AS_IS, *KINDS}
    assert {figures.queries for figures in kinds.values()} == {30}
    assert kinds["smaller"] == kinds[AS_IS]
    assert kinds["smaller"].rank_1 > 0.9
    assert (kinds["covered"].no_face, kinds["covered"].false_reject) == (30, 1)
    assert "Degraded copies of 30 of its pictures were searched" in found.note
    stored = read_json(released.context.run.release / "calibration.json")
    assert stored["scene_queries"] == result["scene_queries"]
    assert result["scene_queries"]["covered"]["false_reject"] == 1
    assert any("rank-1 of degraded copies: as is " in line for line in caplog.messages)


def test_pictures_that_are_not_in_the_release_are_not_counted_and_the_parameter_limits(weeks):
    released = Released(weeks, MANY + 10, scene_queries=12)
    others = [face | {"image_sha256": "f" * 64} for face in released.faces[:1]]
    released.write([*others, *released.faces[:30]])
    _, found = released.evaluate()
    assert found.scene_queries[AS_IS].queries == 12


def test_what_is_one_picture_again_is_not_found(weeks):
    """The three faces of performer 1 are of one picture: by their hashes."""
    released = Released(weeks, MANY + 10, asked=6)
    blank = dict.fromkeys(FACES.names)
    hashes = [bytes(7) + bytes([bits]) for bits in (0b0, 0b1, 0b11)]
    hashes += [bytes([255, bits]) * 4 for bits in (0, 0x0F, 0xFF)]
    figures = [
        blank | {"image_sha256": f["image_sha256"], "face_no": 0, "outcome": "face", "phash": h}
        for f, h in zip(released.faces, hashes, strict=False)
    ]
    write_rows(released.cache / "part-release.parquet", figures, FACES)
    _, found = released.evaluate()
    assert found.scene_queries[AS_IS].queries == 3


@pytest.mark.parametrize(
    ("people", "params", "why"),
    [
        (MANY - 1, {}, "fewer than 100 performers"),
        (MANY + 10, {"scene_queries": 0}, "scene_queries is 0"),
    ],
)
def test_why_nothing_was_measured_is_in_the_note(weeks, people, params, why):
    result, found = Released(weeks, people, **params).evaluate()
    assert found.scene_queries == result["scene_queries"] == {}
    assert "Degraded copies were not measured: " in found.note
    assert why in found.note


def test_without_copies_and_with_damaged_ones_a_release_is_evaluated_all_the_same(weeks, caplog):
    released = Released(weeks, MANY + 10)
    part = query_parts(weeks.cache)[0]
    part.write_bytes(part.read_bytes()[:-9])
    _, found = released.evaluate()
    assert found.scene_queries == {}
    assert "no picture of the sample is in the release" in found.note
    assert not part.exists()
    assert any(part.name in line for line in caplog.messages)
