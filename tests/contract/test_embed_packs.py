"""Two model packs in one job: each cache holds what a job for its pack alone leaves there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.embed_job import Bench, demo_pack, portraits
from trainer.embedding.pack import identity
from trainer.staging.parquet import parts, read_parts
from trainer.staging.schemas import FACES, SCENE_QUERIES


def bench(root: Path) -> Bench:
    found = Bench(root)
    for name, image in list(portraits(("studio_portrait",), 300).items())[:3]:
        found.add(name, image)
    found.add("wall", Image.new("RGB", (120, 90), (90, 90, 90)))
    found.add("broken", b"\xff\xd8\xff\xe0 no picture")
    return found


def second(root: Path, **change: Any) -> dict[str, Any]:
    model_dir, pack_id = demo_pack("demo-stashface")
    place = {"pack_id": pack_id, "model_dir": str(model_dir)}
    return {**place, "cache_dir": str(root / "faces" / pack_id), **change}


def rows(cache: Path | str, prefix: str = "part-") -> list[dict[str, Any]]:
    schema = FACES if prefix == "part-" else SCENE_QUERIES
    found = read_parts(parts(Path(cache), prefix), schema).to_pylist()
    return sorted(found, key=lambda row: tuple(str(value) for value in row.values()))


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bench, str]:
    both = bench(tmp_path_factory.mktemp("both"))
    sample = sorted(both.images)[:2]
    place = second(both.root, scene_queries=sample[:1])
    code, output = both.run(further=[place], scene_queries=sample)
    assert code == 0, output
    return both, output


def test_each_cache_is_as_a_job_for_its_pack_alone_leaves_it(
    together: tuple[Bench, str], tmp_path: Path
) -> None:
    both, output = together
    place = second(both.root)
    for number, (cache, job) in enumerate(((both.cache, {}), (place["cache_dir"], place))):
        alone = bench(tmp_path / str(number))
        own = tmp_path / str(number) / "faces" / str(number)
        sample = sorted(alone.images)[: 2 - number]
        code, said = alone.run(**{**job, "cache_dir": str(own)}, scene_queries=sample)
        assert code == 0, said
        assert rows(own) == rows(cache)
        assert rows(own, "queries-") == rows(cache, "queries-") != []
    counts = both.counts()
    assert counts["refused"] == counts["demo-stashface/refused"] == 1
    assert counts["faces"] == counts["demo-stashface/faces"] == 3
    listed = json.loads((both.report / "_RUN.json").read_text())["files"]
    assert {name.partition("/")[0] for name in listed if "/" in name} == {"demo-stashface"}
    assert "demo-stashface: 0 pictures are in the cache, 5 to embed" in output


def test_vectors_of_the_two_packs_differ_and_faces_do_not(together: tuple[Bench, str]) -> None:
    both, _ = together
    pairs = list(zip(rows(both.cache), rows(second(both.root)["cache_dir"]), strict=True))
    faces = [(one, other) for one, other in pairs if one["outcome"] == "face"]
    assert faces
    for one, other in faces:
        assert one["box"] == other["box"] and one["landmarks"] == other["landmarks"]
        assert one["facenet"] != other["facenet"]


def test_a_pack_that_was_added_later_catches_up(tmp_path: Path) -> None:
    late = bench(tmp_path)
    place = second(tmp_path)
    code, output = late.run(images=sorted(late.images)[:2])
    assert code == 0, output
    before = rows(late.cache)
    code, output = late.run(further=[place])
    assert code == 0, output
    assert all(row in rows(late.cache) for row in before)
    assert "demo: 2 pictures are in the cache, 3 to embed" in output
    assert {row["image_sha256"] for row in rows(place["cache_dir"])} == set(late.images)


def test_a_pack_with_another_detector_is_refused(tmp_path: Path) -> None:
    mixed = bench(tmp_path)
    model_dir, _ = demo_pack("demo-stashface")
    other = tmp_path / "models"
    other.mkdir()
    content = json.loads((model_dir / "pack.json").read_text())
    del content["content_sha256"]  # its checksum, as by an editor
    content["detector"]["confidence"] = 0.7
    content["pack_id"] = identity(content["name"], content)
    (other / "pack.json").write_text(json.dumps(content))
    place = second(tmp_path, model_dir=str(other), pack_id=content["pack_id"])
    code, output = mixed.run(further=[place])
    assert code == 2
    assert "different detectors" in output
