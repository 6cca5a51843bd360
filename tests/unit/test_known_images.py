"""What a crawl is told of the faces that its performers have, at all sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.committed import commit_crawls
from trainer.adults.quarantine import OWNERS
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import shipped_sources
from trainer.crawl.known_images import write_known_images
from trainer.runs.context import Plan, RunContext
from trainer.staging.atomic import write_json
from trainer.staging.parquet import read_table, write_rows
from trainer.staging.schemas import FACES, IMAGES, PERFORMERS, TARGETS
from trainer.state.store import SnapshotRow

WHEN = "2026-02-01T00:00:00Z"


def plan(root: Path, run_id: str, base: str | None, **params: Any) -> RunContext:
    context = RunContext.open(Settings().model_copy(update={"data_dir": root}), run_id)
    sources = {key: shipped_sources()[key] for key in ("stashdb", "theporndb", "boobpedia")}
    made = Plan(
        run_id=run_id,
        started_at=WHEN,
        version_id=f"v{run_id}",
        params=BuildParams(**params),
        pack_id="none",
        sources=sources,
        base_release=base,
    )
    write_json(context.run.plan, made.model_dump(mode="json"))
    return context


def snapshot(context: RunContext, source: str, *given: tuple[str, str, str]) -> None:
    """`given`: record, name of the picture, status."""
    records: dict[str, list[str]] = {}
    for record, name, _ in given:
        records.setdefault(record, []).append(name)
    blank = {**dict.fromkeys(PERFORMERS.names), "source": source, "page_url": "", "deleted": False}
    rows = [
        {**blank, "source_id": r, "name": r, "images": [{"url": f"{source}/{n}"} for n in names]}
        for r, names in records.items()
    ]
    images = [
        dict.fromkeys(IMAGES.names)
        | {"url": f"{source}/{name}", "source": source, "status": status, "fetched_at": WHEN}
        | {"sha256": name if status == "fetched" else None}
        for _, name, status in given
    ]
    directory = context.run.snapshot(source)
    write_rows(directory / "performers.parquet", rows, PERFORMERS)
    write_rows(directory / "images.parquet", images, IMAGES)


def embedded(context: RunContext, **faces: dict[str, Any]) -> None:
    blank = dict.fromkeys(FACES.names) | {"face_no": 0, "faces_in_image": 1, "outcome": "face"}
    blank |= {
        "detector_score": 1.0,
        "sharpness": 100.0,
        "yaw": 0.0,
        "box": [0.0, 0.0, 112.0, 112.0],
    }
    rows = [blank | {"image_sha256": sha} | face for sha, face in faces.items()]
    write_rows(context.data.faces("none") / "part-0.parquet", rows, FACES)


def known(context: RunContext, source: str) -> list[tuple[Any, ...]]:
    write_known_images(context, source)
    rows = read_table(context.run.known_images(source)).to_pylist()
    return [(r["record"], r["url"], r["outcome"], r["quality"]) for r in rows]


@pytest.fixture
def first(tmp_path) -> RunContext:
    return plan(tmp_path, "r1", None)


def publish(context: RunContext, *sources: str, owners: dict[str, int] | None = None) -> None:
    rows = [
        dict.fromkeys(OWNERS.names)
        | {"performer_id": number, "source": name.split(":")[0], "source_id": name.split(":")[1]}
        | {"quarantined": False}
        for name, number in (owners or {}).items()
    ]
    write_rows(context.run.resolve / "owners.parquet", rows, OWNERS)
    snapshots = [SnapshotRow(s, context.run.run_id, None, 1, None) for s in sources]
    commit_crawls(context.data.state_db, snapshots, WHEN, context.plan.version_id)


def test_nothing_is_known_before_the_first_crawl(first):
    write_known_images(first, "stashdb")
    assert not first.run.known_images("stashdb").exists()


def test_each_picture_has_its_outcome(first):
    names = ("single", "several", "tiny", "empty", "waiting")
    images = [("a", name, "fetched") for name in names]
    snapshot(first, "stashdb", *images, ("a", "gone", "refused"), ("a", "later", "failed"))
    embedded(
        first,
        single={},
        several={"faces_in_image": 2},
        tiny={"box": [0.0, 0.0, 20.0, 20.0]},
        empty={"face_no": -1, "outcome": "no_face"},
    )
    assert known(first, "stashdb") == [
        ("a", "stashdb/empty", "none", None),
        ("a", "stashdb/gone", "none", None),
        ("a", "stashdb/several", "none", None),
        ("a", "stashdb/single", "good", 1.0),
        ("a", "stashdb/tiny", "none", None),
        ("a", "stashdb/waiting", "fetched", None),
    ]


def test_faces_of_other_sources_count_where_the_last_release_knows_the_person(tmp_path, first):
    snapshot(first, "stashdb", ("a", "p", "fetched"), ("b", "q", "fetched"))
    snapshot(first, "theporndb", ("x", "r", "fetched"), ("y", "s", "fetched"))
    owners = {"stashdb:a": 1, "theporndb:x": 1, "stashdb:b": 2, "theporndb:y": 3}
    publish(first, "stashdb", "theporndb", owners=owners)
    embedded(first, p={}, r={})
    second = plan(tmp_path, "r2", "vr1")
    assert [row[:3] for row in known(second, "stashdb")] == [
        ("a", "stashdb/p", "good"),
        ("a", "theporndb/r", "good"),
        ("b", "stashdb/q", "fetched"),
    ]


def test_a_page_that_is_to_be_asked_for_has_the_faces_of_whom_it_is_about(first):
    snapshot(first, "stashdb", ("a", "p", "fetched"), ("b", "q", "fetched"))
    about = {"source": "stashdb", "source_id": "a", "name": "A"}
    target = {"page_id": "A_page", "path": "/a", "found_by": "url", "scene_count": 1}
    write_rows(first.run.targets("boobpedia"), [target | {"candidates": [about]}], TARGETS)
    embedded(first)
    assert [row[:3] for row in known(first, "boobpedia")] == [("A_page", "stashdb/p", "fetched")]


def test_without_faces_nothing_is_looked_up(tmp_path):
    context = plan(tmp_path, "r1", None, enable_faces=False)
    snapshot(context, "stashdb", ("a", "p", "fetched"))
    write_known_images(context, "stashdb")
    assert not context.run.known_images("stashdb").exists()
