"""The figures of a release that scene queries measure."""

from __future__ import annotations

import pytest

from tests.release_fixtures import built
from tests.release_world import faces as release_faces
from tests.release_world import performer, write_world
from tests.unit.identity_world import (
    record,
    shot,
)
from tests.unit.scene_queries_world import MANY, Weeks, query_rows
from trainer.config.params import BuildParams
from trainer.embedding.scene_queries import (
    AS_IS,
    KINDS,
    PREFIX,
    query_parts,
)
from trainer.pipeline.steps import evaluate
from trainer.release.evaluation import read_evaluation
from trainer.release.files import require_intact
from trainer.staging.atomic import read_json, write_json
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import FACES, SCENE_QUERIES


@pytest.fixture
def weeks(tmp_path):
    return Weeks(tmp_path)


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
