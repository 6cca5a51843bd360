"""Weeks of an invented world whose pictures have degraded copies, as scenes show them."""

from __future__ import annotations

import json

import numpy as np

from tests.unit.identity_world import (
    PACK,
    IdentityWorld,
    creator,
    record,
    sha,
    shot,
)
from trainer.config.params import BuildParams
from trainer.embedding.scene_queries import (
    KINDS,
    PREFIX,
)
from trainer.pipeline.steps import plan_embed
from trainer.staging.atomic import read_json, write_bytes, write_json
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import SCENE_QUERIES

MANY = 100


def query_rows(images, outcome="no_face"):
    vector = np.zeros(512, "<f2")
    vector[0] = 1
    found = vector.tobytes() if outcome == "face" else None
    return [
        {"image_sha256": image, "face_no": 0, "kind": kind, "outcome": outcome}
        | {"facenet": found, "arcface": found}
        for image in images
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

    def embed(self, images, name="000-of-001-1"):
        write_rows(self.cache / f"{PREFIX}{name}.parquet", query_rows(images), SCENE_QUERIES)
