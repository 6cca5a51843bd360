"""Somebody asks to be left out: after a purge and a new release nothing is left, nor comes back."""

from __future__ import annotations

import json
import sqlite3

import numpy as np
import pytest
import voyager

from demo.world import World
from tests.e2e.conftest import Trainer, image_requests
from trainer.faces.cache import cached_images
from trainer.staging.paths import DataDir

pytestmark = pytest.mark.e2e
SLOTS = ("facenet", "arcface")


class Somebody:
    """The first performer of a release who has faces, with all that the release says of her or
    him."""

    def __init__(self, trainer: Trainer) -> None:
        with sqlite3.connect(trainer.current / "performers.db") as db:
            self.number, self.name, self.box_id = db.execute(
                "SELECT p.id, p.canonical_name, s.stashbox_performer_id FROM performers p "
                "JOIN stashbox_ids s ON s.performer_id = p.id WHERE p.face_count > 2 ORDER BY p.id"
            ).fetchone()
            own = (self.number,)
            links = db.execute("SELECT url FROM external_urls WHERE performer_id = ?", own)
            faces = db.execute(
                "SELECT f.facenet_index, f.image_url, v.image_sha256 FROM faces f "
                "JOIN face_provenance v ON v.face_id = f.id WHERE f.performer_id = ?",
                own,
            ).fetchall()
            self.links = [row[0] for row in links]
        self.images = [row[1] for row in faces]
        self.hashes = {row[2] for row in faces}
        self.vectors = {
            slot: voyager.Index.load(str(trainer.current / f"face_{slot}.voy")).get_vectors(
                [row[0] for row in faces]
            )
            for slot in SLOTS
        }


def test_who_is_excluded_goes_and_does_not_come_back(released: Trainer, demo_images):
    who, first = Somebody(released), released.current
    added = released.run(
        "exclude", "add", "--id", f"stashdb.org:{who.box_id}", "--reason", "asked", "--json"
    )
    assert added.returncode == 0, added.stderr
    assert json.loads(added.stdout)[0]["pictures"] >= len(who.hashes)
    purged = released.run("exclude", "purge", "--json")
    assert purged.returncode == 0, purged.stderr
    assert json.loads(purged.stdout)["releases"] == [first.name]
    with World(week=1, port=released.port, images=demo_images) as world:
        record = released.build(full_refresh=True)
        assert record["status"] == "completed", record["errors"]
        nothing_is_left(released, who)
        assert record["stats"]["by_source"]["stashdb"]["performers"] == 39
        released.build(full_refresh=True)
        nothing_is_left(released, who)
        asked = image_requests(world)
    assert not [path for path in asked if any(url.endswith(path) for url in who.images)]
    changes = json.loads(released.run("diff", first.name, "current", "--json").stdout)
    assert [(p["performer_id"], p["name"]) for p in changes["removed"]] == [(who.number, who.name)]
    written = json.loads((released.current / "diff.json").read_text())
    assert [p["performer_id"] for p in written["removed"]] == [who.number]


def nothing_is_left(trainer: Trainer, who: Somebody) -> None:
    data = DataDir(trainer.root)
    for name in ("performers.db", "faces.json", "performers.json"):
        content = (trainer.current / name).read_bytes()
        for said in (who.box_id, who.name, *who.links, *who.images, *who.hashes):
            assert said.encode() not in content, (name, said)
    for slot, vectors in who.vectors.items():
        index = voyager.Index.load(str(trainer.current / f"face_{slot}.voy"))
        _, distances = index.query(np.asarray(vectors), k=1)
        assert distances.min() > 0.02, slot
    for cache in (trainer.root / "faces").glob("*/"):
        assert not cached_images(cache) & who.hashes
    assert not any(data.image(sha).exists() for sha in who.hashes)
