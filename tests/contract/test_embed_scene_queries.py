"""Degraded copies through the whole embedder: the pack's own detection, alignment, recognition."""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.embed_job import Bench, portraits
from tests.waiting import DEADLINE, wait_for
from trainer.embedding.scene_queries import (
    KINDS,
    known_queries,
    query_parts,
    read_queries,
    remove_unusable,
)
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import read_parts
from trainer.staging.schemas import SCENE_QUERIES

MOST_ALIKE = 0.999  # cosine: a copy this near to its picture is not degraded


def rows(bench: Bench) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_parts(query_parts(bench.cache), SCENE_QUERIES).to_pylist()
    return found


def contents(bench: Bench) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in query_parts(bench.cache)}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Four portraits, one of them turned, two people in one picture, and a wall."""
    bench = Bench(tmp_path_factory.mktemp("scenes"))
    people = list(portraits(("studio_portrait",)).values())[:4]
    for number, image in enumerate(people[:3]):
        bench.add(f"portrait-{number}", image)
    bench.add("turned", people[3].transpose(Image.Transpose.ROTATE_90))
    pair = Image.new("RGB", (840, 420))
    pair.paste(people[0], (0, 0))
    pair.paste(people[1], (420, 0))
    bench.add("pair", pair)
    bench.add("wall", Image.new("RGB", (300, 200), (90, 120, 140)))
    bench.add("html", b"<html>not here</html>")
    code, output = bench.run(scene_queries=sorted(bench.images), part_images=64)
    assert code == 0, output
    assert "degraded copies of 7" in output
    return bench


def test_every_kind_of_a_picture_with_one_face_is_embedded(embedded: Bench) -> None:
    kinds = Counter((embedded.images[row["image_sha256"]], row["kind"]) for row in rows(embedded))
    several = {(name, "as_is"): 1 for name in ("pair", "wall", "html")}
    named = ("portrait-0", "portrait-1", "portrait-2", "turned")
    assert kinds == several | {(name, kind): 1 for name in named for kind in KINDS}
    copies = [row for row in rows(embedded) if row["kind"] in KINDS]
    found = [row for row in copies if row["outcome"] == "face"]
    assert len(found) >= len(copies) - 4
    for row in copies:
        assert (row["facenet"] is None) == (row["outcome"] == "no_face")


def test_copies_are_of_the_same_person_and_worse_than_the_picture(embedded: Bench) -> None:
    faces = {r["image_sha256"]: r for r in embedded.table().to_pylist() if r["outcome"] == "face"}
    names = {name: sha for sha, name in embedded.images.items()}
    for sha, copies in read_queries(embedded.cache).items():
        for kind, both in copies.items():
            if both is None:
                continue
            own = np.frombuffer(faces[sha]["arcface"], "<f2").astype(np.float32)
            others = [
                np.frombuffer(faces[names[other]]["arcface"], "<f2").astype(np.float32)
                for other in ("portrait-0", "portrait-1", "portrait-2", "turned")
                if names[other] != sha
            ]
            alike = float(both[1] @ own)
            assert alike < MOST_ALIKE, kind
            assert alike > max(float(both[1] @ other) for other in others), kind


def test_the_report_names_the_parts_and_counts_the_copies_apart(embedded: Bench) -> None:
    manifest = StageManifest.read(embedded.report)
    assert manifest is not None
    manifest.verify_files(embedded.cache)
    assert {path.name for path in query_parts(embedded.cache)} < set(manifest.files)
    assert manifest.counts["scene_queries_unusable"] == 3
    assert manifest.counts["pictures"] == len(embedded.images)
    assert manifest.counts["parts"] == len(manifest.files) - len(query_parts(embedded.cache))


def test_the_second_week_embeds_new_copies_only_and_a_lost_part_comes_back_the_same(
    embedded: Bench,
) -> None:
    before = contents(embedded)
    code, output = embedded.run(scene_queries=sorted(embedded.images), part_images=64)
    assert code == 0, output
    assert "degraded" not in output
    assert contents(embedded) == before
    damaged = query_parts(embedded.cache)[0]
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)
    assert remove_unusable(embedded.cache) == [damaged.name]
    code, output = embedded.run(scene_queries=sorted(embedded.images), part_images=64)
    assert code == 0, output
    assert contents(embedded) == before


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_loses_the_part_in_hand_at_most_and_no_row_is_there_twice(
    tmp_path: Path, how: signal.Signals
) -> None:
    bench = Bench(tmp_path)
    for name, image in portraits(("studio_portrait",), 300).items():
        bench.add(name, image)
    wanted = {"scene_queries": sorted(bench.images), "part_images": 6}  # one picture per part
    process = bench.start(**wanted)
    wait_for(lambda: query_parts(bench.cache), every=0.02)
    process.send_signal(how)
    process.communicate(timeout=DEADLINE)
    assert not (bench.report / "_RUN.json").exists()
    kept = contents(bench)
    assert 0 < len(known_queries(bench.cache)) < len(bench.images)
    code, output = bench.run(**wanted)
    assert code == 0, output
    assert kept.items() <= contents(bench).items()
    found = Counter((row["image_sha256"], row["kind"]) for row in rows(bench))
    assert found == {(sha, kind): 1 for sha in bench.images for kind in KINDS}


def test_a_picture_that_is_gone_is_an_error_and_a_bad_name_is_refused(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    code, output = bench.run(images=[], scene_queries=["0" * 64])
    assert code == 0, output
    assert bench.counts()["image_missing"] == 1
    assert rows(bench) == []
    for bad in (["../../etc/passwd"], ["0" * 64] * 2):
        code, output = bench.run(scene_queries=bad)
        assert code == 2
        assert "scene_queries" in output
