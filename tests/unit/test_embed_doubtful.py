"""Pictures that older trainers embedded as they were published, though they may be turned."""

from __future__ import annotations

import json

import numpy as np
import pyarrow as pa
import pytest

from tests.unit.identity_world import PACK, IdentityWorld, creator, record, sha, shot
from trainer.embedding.doubtful import doubtful_images
from trainer.embedding.lock import load_lock
from trainer.faces.cache import cached_images
from trainer.pipeline.steps import plan_embed
from trainer.staging.atomic import write_bytes, write_json
from trainer.staging.parquet import write_rows, write_table
from trainer.staging.schemas import FACES

RULE = load_lock()["demo"].detector
STANDING = [30, 40, 70, 40, 50, 60, 35, 80, 65, 80]
LYING = [80, 30, 80, 70, 60, 50, 40, 35, 40, 65]  # the same, turned clockwise
VECTOR = bytes(1024)


def row(image, score=0.95, *, points=STANDING, side=100.0, no=0, outcome="face", turn=None):
    blank = dict.fromkeys(FACES.names)
    if outcome != "face":
        return blank | {"image_sha256": image, "face_no": -1, "outcome": outcome, "turn": turn}
    return blank | {
        "image_sha256": image,
        "face_no": no,
        "outcome": "face",
        "box": [0.0, 0.0, side, side],
        "landmarks": [float(value) for value in points],
        "detector_score": score,
        "turn": turn,
        "facenet": VECTOR,
        "arcface": VECTOR,
    }


def write_old(path, rows):
    """A part as trainers wrote it that knew no turns."""
    table = pa.Table.from_pylist(rows, schema=FACES)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, table.drop_columns(["turn"]))


@pytest.mark.parametrize(
    ("rows", "doubtful"),
    [
        ([row("x")], False),
        ([row("x", RULE.clear)], False),
        ([row("x", np.nextafter(np.float32(RULE.clear), np.float32(0)))], True),
        ([row("x", points=LYING)], True),
        ([row("x", points=STANDING[::-1])], True),
        ([row("x", outcome="no_face")], True),
        ([row("x", outcome="refused")], False),
        ([row("x"), row("x", 0.7, side=30.0, no=1)], False),
        ([row("x"), row("x", 0.7, side=70.0, no=1)], True),
    ],
)
def test_what_may_be_turned(tmp_path, rows, doubtful):
    write_old(tmp_path / "part-old.parquet", rows)
    assert doubtful_images(tmp_path, RULE) == ({"x"} if doubtful else set())


def test_what_was_looked_at_in_all_turns_is_not_embedded_for_ever(tmp_path):
    looked = [row("x", 0.7, turn=0), row("y", outcome="no_face", turn=0), row("z", turn=90)]
    write_rows(tmp_path / "part-new.parquet", looked, FACES)
    assert doubtful_images(tmp_path, RULE) == set()


def test_an_empty_cache_and_square_detectors(tmp_path):
    assert doubtful_images(tmp_path, RULE) == set()
    write_old(tmp_path / "part-old.parquet", [row("x", 0.96)])
    square = load_lock()
    assert doubtful_images(tmp_path, square["sidecar"].detector) == {"x"}
    assert doubtful_images(tmp_path, square["sidecar-scrfd"].detector) == set()


@pytest.fixture
def planned(tmp_path):
    """A world whose pictures an older trainer embedded, and what `plan_embed` makes of it."""
    world = IdentityWorld(tmp_path, {"stashdb": creator("stashdb")})
    shots = [shot(1, number) for number in range(4)]
    context = world.run("week-1", [record("stashdb", 1, "Ana Vask", shots=shots)])
    clear, weak, gone, nobody = map(sha, shots)
    cache = world.data.faces(PACK)
    for part in cache.glob("*.parquet"):
        part.unlink()
    old = [row(clear), row(weak, 0.8), row(gone, 0.8), row(nobody, outcome="no_face")]
    write_old(cache / "part-old.parquet", old)
    for image in (clear, weak, nobody):
        write_bytes(world.data.image(image), b"bytes")
    named = {"clear": clear, "weak": weak, "gone": gone, "nobody": nobody}
    return world, context, named


def asked(context):
    jobs = [json.loads(p.read_text()) for p in context.run.root.glob("embed/*/job.json")]
    return {image for job in jobs for image in job["images"]}


def test_only_what_may_be_turned_is_embedded_again(planned, caplog):
    world, context, named = planned
    pack = load_lock()["demo"].info("sidecar")
    write_json(world.data.model_pack("sidecar") / "pack.json", pack.model_dump(mode="json"))
    figures = plan_embed.run(context)
    assert asked(context) == {named["weak"], named["nobody"]}
    # What cannot be read again stays as it is.
    assert cached_images(world.data.faces(PACK)) == {named["clear"], named["gone"]}
    assert (figures["again"], figures["to_embed"], figures["bytes_gone"]) == (2, 2, 0)
    assert "2 once more: they may be turned" in caplog.messages[-1]
    again = plan_embed.run(context)
    assert (again["again"], again["to_embed"]) == (0, 2)
    assert asked(context) == {named["weak"], named["nobody"]}


def test_without_a_model_pack_nothing_is_taken_out(planned):
    world, context, named = planned
    assert plan_embed.run(context)["again"] == 0
    assert cached_images(world.data.faces(PACK)) == set(named.values())
