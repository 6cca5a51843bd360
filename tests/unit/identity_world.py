"""A DATA_DIR with snapshots and a face cache of an invented world, for resolve and select."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import closing
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig
from trainer.pipeline.steps import publish, resolve, select
from trainer.runs.context import Plan, RunContext
from trainer.staging.atomic import write_json
from trainer.staging.parquet import write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import FACES, IMAGES, PERFORMERS
from trainer.state.store import StateChanges, commit_release

WHEN = "2026-11-01T00:00:00Z"
PACK = "demo-0123abcd"


def creator(key: str, **other: Any) -> SourceConfig:
    return source(key, "stash_box", **other)


def reference(key: str, **other: Any) -> SourceConfig:
    rule = {
        "domains": [f"{key}.example"],
        "links": [{"match": "/star/(?P<id>[^/?]+)", "path": "/star/{id}"}],
        "slug": "hyphen",
    }
    return source(key, "html_profile", page=rule, **other)


def source(key: str, kind: str, **other: Any) -> SourceConfig:
    plain = {"key": key, "kind": kind, "domain": f"{key}.example", "requests_per_minute": 60}
    return SourceConfig.model_validate(plain | {"base_url": f"https://{key}.example"} | other)


SOURCES = {
    config.key: config
    for config in (
        creator("boxone"),
        creator("boxtwo"),
        reference("surely", trust="high"),
        reference("maybe", trust="medium"),
    )
}


def uuid(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def record(source: str, number: int | str, name: str, **facts: Any) -> dict[str, Any]:
    """A staging row; `links` and `shots` are plain lists of URLs."""
    source_id = uuid(number) if isinstance(number, int) else number
    row: dict[str, Any] = dict.fromkeys(PERFORMERS.names)
    row |= {
        "source": source,
        "source_id": source_id,
        "name": name,
        "page_url": f"https://{source}.example/performers/{source_id}",
        "career_start_year": 2010,
        "deleted": False,
        "created_at": WHEN,
        "updated_at": WHEN,
    }
    row["urls"] = [{"url": url, "site": "Somewhere"} for url in facts.pop("links", ())]
    shots = facts.pop("shots", ())
    blank = {"image_id": None, "width": None, "height": None, "fallback_for": None}
    row["images"] = [blank | (shot if isinstance(shot, dict) else {"url": shot}) for shot in shots]
    return row | facts


def page(source: str, slug: str, name: str, **facts: Any) -> dict[str, Any]:
    plain = {
        "page_url": f"https://{source}.example/star/{slug}",
        "career_start_year": None,
        "created_at": None,
        "found_by": "url",
    }
    return record(source, slug, name, **plain | facts)


def sha(url: str) -> str:
    return hashlib.sha256(url.encode()).hexdigest()


def shot(who: int, number: int) -> str:
    """The URL of a picture of the invented person `who`, who has a face of her or his own."""
    return f"https://pictures.example/{who}/{number}.jpg"


class IdentityWorld:
    """Runs resolve and select over snapshots, and publishes what they found."""

    def __init__(self, root: Path, sources: dict[str, SourceConfig] | None = None) -> None:
        self.data = DataDir(root)
        self._settings = Settings.load(root)
        self._sources = sources or SOURCES

    def run(
        self,
        run_id: str,
        rows: list[dict[str, Any]],
        *,
        without: AbstractSet[str] = frozenset(),
        taken: Mapping[str, str] = MappingProxyType({}),
    ):
        """The run's context after select; pictures in `without` were not there, those in `taken`
        say when they were taken."""
        context = RunContext.open(self._settings, run_id)
        plan = Plan(
            run_id=run_id,
            started_at=WHEN,
            version_id="20261101_000000",
            params=BuildParams(),
            pack_id=PACK,
            sources=self._sources,
            base_release=None,
        )
        write_json(context.run.plan, plan.model_dump(mode="json"))
        urls = sorted({image["url"] for row in rows for image in row["images"]} - without)
        for key in self._sources:
            self._snapshot(context, key, [row for row in rows if row["source"] == key], urls)
        cache = [_face(url) | {"taken_on": taken.get(url)} for url in urls]
        write_rows(self.data.faces(PACK) / f"part-{run_id}.parquet", cache, FACES)
        context.finish("resolve", resolve.run(context))
        context.finish("select", select.run(context))
        return context

    def _snapshot(self, context, key, rows, urls) -> None:
        own = {image["url"] for row in rows for image in row["images"]}
        blank = dict.fromkeys(IMAGES.names)
        images = [
            blank
            | {"url": url, "source": key, "status": "fetched", "sha256": sha(url)}
            | {"fetched_at": WHEN, "run_id": context.run.run_id}
            for url in urls
            if url in own
        ]
        directory = context.run.snapshot(key)
        write_rows(directory / "performers.parquet", rows, PERFORMERS)
        write_rows(directory / "images.parquet", images, IMAGES)

    def publish(self, context: RunContext) -> None:
        """Commit the run's identities, as publishing does."""
        changes: StateChanges = publish._changes(context, context.plan, "2026.11.01", "x")
        commit_release(self.data.state_db, changes)

    def note_snapshots(self, run_id: str, live_performers: int) -> None:
        """Make the run's snapshots the last ones, as its crawls would have."""
        rows = [(source, run_id, live_performers) for source in self._sources]
        with closing(sqlite3.connect(self.data.state_db)) as db, db:
            db.executemany(
                "INSERT INTO snapshots (source, run_id, live_performers) VALUES (?, ?, ?)", rows
            )


def _face(url: str) -> dict[str, Any]:
    who = url.split("/")[-2]
    row: dict[str, Any] = dict.fromkeys(FACES.names)
    row |= {
        "image_sha256": sha(url),
        "face_no": 0,
        "outcome": "face",
        "faces_in_image": 1,
        "box": [0.0, 0.0, 112.0, 112.0],
        "detector_score": 0.9,
        "sharpness": 100.0,
        "yaw": 0.0,
        "phash": hashlib.sha256(url.encode()).digest()[:8],
    }
    return row | {slot: _vector(int(who), sha(url)) for slot in ("facenet", "arcface")}


def _vector(who: int, salt: str) -> bytes:
    vector = np.random.default_rng(int(salt[:8], 16)).standard_normal(512) * 0.5 / 512**0.5
    vector[who] += 1
    return (vector / np.linalg.norm(vector)).astype("<f2").tobytes()
