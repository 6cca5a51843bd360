"""The embedder as a program: job file in, parts and a report out, safe to kill."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.embed_job import MODELS, Bench, dated, demo_pack, portraits
from tests.waiting import DEADLINE, wait_for
from trainer.config.settings import REPO_ROOT
from trainer.embedding.pack import read_pack
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import parts

# What the conversion gives from the locked packages; a change is a new pack.
DEMO_FILES = {
    "detector": "e6437fd6f8a9b1cb0d43de3a15e7ada7d345d81f661bb0a3e025f50461e26ffa",
    "arcface": "f0eb50610c11126e6bae295a04ccca3180c71d2398480cdff32d246ff86d1aeb",
    "facenet": "7d0c695b80b2c56d506a7a98928d7e8776944bce2f8753176ee148313afeed58",
}
TAKEN = "2007:03:09 18:30:00"


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """Portrait and selfie of the ten people, plus the odd pictures, embedded once."""
    bench = Bench(tmp_path_factory.mktemp("embedded"))
    people = portraits(("studio_portrait", "amateur_selfie"))
    for name, image in people.items():
        bench.add(name, image)
    pair = Image.new("RGB", (840, 420))
    pair.paste(people["P001/studio_portrait"], (0, 0))
    pair.paste(people["P002/studio_portrait"], (420, 0))
    bench.add("pair", pair)
    mirror = people["P003/studio_portrait"].transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    bench.add("mirror", dated(mirror, TAKEN))
    bench.add("wall", dated(Image.new("RGB", (300, 200), (90, 120, 140)), TAKEN))
    bench.add("html", b"<html>not here</html>")
    code, output = bench.run()
    assert code == 0, output
    return bench


def _rows(bench: Bench, name: str) -> list[dict[str, Any]]:
    return [r for r in bench.table().to_pylist() if bench.images[r["image_sha256"]] == name]


def _vector(bench: Bench, name: str, model: str) -> np.ndarray:
    rows = sorted(_rows(bench, name), key=lambda row: -row["box"][2] * row["box"][3])
    return np.frombuffer(rows[0][model], "<f2").astype(np.float64)


def test_demo_pack_is_the_pinned_one() -> None:
    model_dir, pack_id = demo_pack()
    pack = read_pack(model_dir)
    assert {role: entry.sha256 for role, entry in pack.files.items()} == DEMO_FILES
    assert pack.pack_id == pack_id == "demo-75243c7fcace"


def test_every_picture_has_its_rows(embedded: Bench) -> None:
    rows = embedded.table().to_pylist()
    assert {row["image_sha256"] for row in rows} == set(embedded.images)
    keys = Counter((row["image_sha256"], row["face_no"]) for row in rows)
    assert set(keys.values()) == {1}
    assert [r["outcome"] for r in _rows(embedded, "wall")] == ["no_face"]
    assert [(r["outcome"], r["reason"]) for r in _rows(embedded, "html")] == [
        ("refused", "not_a_picture")
    ]
    assert len(_rows(embedded, "pair")) == 2
    for row in rows:
        if row["outcome"] == "face":
            norm = np.linalg.norm(np.frombuffer(row["arcface"], "<f2").astype(np.float64))
            assert norm == pytest.approx(1, abs=2e-3)
            assert None not in {row[k] for k in ("sharpness", "yaw", "pitch", "roll", "phash")}


def test_the_day_on_which_a_picture_was_taken_is_in_its_rows(embedded: Bench) -> None:
    rows = embedded.table().to_pylist()
    found = {embedded.images[r["image_sha256"]] for r in rows if r["taken_on"] == "2007-03-09"}
    assert found == {"mirror", "wall"}
    assert {row["taken_on"] for row in rows} == {"2007-03-09", None}


def test_report_counts_and_names_its_parts(embedded: Bench) -> None:
    manifest = StageManifest.read(embedded.report)
    assert manifest is not None and manifest.status == "complete"
    manifest.verify_files(embedded.cache)
    counts = manifest.counts
    assert counts["pictures"] == len(embedded.images) == 24
    assert counts["parts"] == len(manifest.files) == 6
    assert (counts["no_face"], counts["refused"], counts["refused_not_a_picture"]) == (1, 1, 1)
    assert counts["faces"] == embedded.table().num_rows - 2


def test_people_are_recognised_and_mirrors_are_the_same(embedded: Bench) -> None:
    names = sorted(n.split("/")[0] for n in embedded.images.values() if "portrait" in n)
    assert len(names) == 10
    for model in ("arcface", "facenet"):
        gallery = np.stack([_vector(embedded, f"{n}/studio_portrait", model) for n in names])
        hits = sum(
            names[int((gallery @ _vector(embedded, f"{n}/amateur_selfie", model)).argmax())] == n
            for n in names
        )
        assert hits >= 9, (model, hits)
    # The mirrored picture is the same person, whatever the detector's points do.
    same = _vector(embedded, "mirror", "arcface") @ _vector(
        embedded, "P003/studio_portrait", "arcface"
    )
    assert same > 0.9


def test_second_run_embeds_nothing(embedded: Bench) -> None:
    before = {path: path.stat().st_mtime_ns for path in parts(embedded.cache, "part-")}
    code, output = embedded.run()
    assert code == 0, output
    counts = embedded.counts()
    assert counts["already"] == counts["pictures"] == 24
    assert counts["parts"] == counts["faces"] == 0
    assert {path: path.stat().st_mtime_ns for path in parts(embedded.cache, "part-")} == before


def test_rows_do_not_depend_on_the_batch(embedded: Bench, bench: Bench) -> None:
    for digest, name in embedded.images.items():
        if name.startswith(("P001", "pair", "wall")):
            source = embedded.root / "images" / digest[:2] / digest
            assert bench.add(name, source.read_bytes()) == digest
    code, output = bench.run(batch=3, part_images=1, threads=2)
    assert code == 0, output
    wanted = [r for r in embedded.table().to_pylist() if r["image_sha256"] in bench.images]

    def key(row: dict[str, object]) -> tuple[object, object]:
        return row["image_sha256"], row["face_no"]

    assert sorted(bench.table().to_pylist(), key=key) == sorted(wanted, key=key)


def test_wrong_pack_bad_job_and_absent_cuda_are_refused(bench: Bench) -> None:
    bench.add("wall", Image.new("RGB", (100, 100)))
    refusals: dict[str, dict[str, Any]] = {
        "demo-000000000000": {"pack_id": "demo-000000000000"},
        "cuda was asked for": {"device": "cuda"},
        "no model pack here": {"model_dir": str(bench.root)},
        "is no sha256": {"images": ["../../etc/passwd"]},
        "unknown_key": {"unknown_key": 1},
    }
    for message, change in refusals.items():
        code, output = bench.run(**change)
        assert code == 2, (message, output)
        assert message in output and "Traceback" not in output
        assert not (bench.report / "_RUN.json").exists()


def test_damaged_model_is_refused(bench: Bench) -> None:
    broken = bench.root / "models"
    broken.mkdir()
    for path in MODELS.iterdir():
        (broken / path.name).write_bytes(path.read_bytes())
    content = bytearray((broken / "detector.onnx").read_bytes())
    content[1000] ^= 1
    (broken / "detector.onnx").write_bytes(content)
    bench.add("wall", Image.new("RGB", (100, 100)))
    code, output = bench.run(model_dir=str(broken))
    assert code == 1 and "detector.onnx" in output and "Traceback" not in output


def test_missing_picture_is_an_error_and_leaves_no_row(bench: Bench) -> None:
    bench.add("wall", Image.new("RGB", (100, 100)))
    code, output = bench.run(images=sorted([*bench.images, "0" * 64]))
    assert code == 0, output
    report = json.loads((bench.report / "_RUN.json").read_text())
    assert report["counts"]["image_missing"] == report["counts"]["errors"] == 1
    assert report["errors"][0]["url"] == "file:" + "0" * 64
    assert bench.table().num_rows == 1


def _wait_for_parts(bench: Bench, count: int) -> None:
    wait_for(lambda: len(parts(bench.cache, "part-")) >= count, every=0.02)


def _fill(bench: Bench, copies: int = 3) -> None:
    for name, image in portraits(("studio_portrait",), 300).items():
        for number in range(copies):
            bench.add(f"{name}/{number}", image.resize((300 + 7 * number, 300)))


@pytest.mark.parametrize("after", [1, 3])
def test_kill_loses_at_most_the_part_in_hand(bench: Bench, after: int) -> None:
    _fill(bench)
    process = bench.start()
    _wait_for_parts(bench, after)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (bench.report / "_RUN.json").exists()
    kept = len(parts(bench.cache, "part-"))
    code, output = bench.run()
    assert code == 0, output
    assert bench.counts()["already"] == kept * 4 > 0
    rows = bench.table().to_pylist()
    assert {row["image_sha256"] for row in rows} == set(bench.images)
    assert len({(r["image_sha256"], r["face_no"]) for r in rows}) == len(rows)


def test_sigterm_writes_the_part_in_hand_and_no_report(bench: Bench) -> None:
    _fill(bench)
    process = bench.start()
    _wait_for_parts(bench, 1)
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=DEADLINE)
    assert process.returncode == 143, output
    assert not (bench.report / "_RUN.json").exists()
    done = len(set(bench.table()["image_sha256"].to_pylist()))
    assert 4 <= done < len(bench.images)
    code, output = bench.run()
    assert code == 0, output
    assert bench.counts()["already"] == done


def test_a_killed_parent_leaves_no_writer(bench: Bench) -> None:
    """`kill -9` of the build: the embedder it started notices, writes its part and ends."""
    _fill(bench)
    job = bench.job()
    program = (
        "import sys; from pathlib import Path; from trainer.config.settings import Settings\n"
        "from trainer.embedding.runner import run_shard\n"
        "run_shard(Settings.load(Path(sys.argv[1])), Path(sys.argv[2]))\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, bench.root, job],
        cwd=REPO_ROOT,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "TRAINER_EMBEDDER": "process"},
    )
    _wait_for_parts(bench, 1)
    parent.kill()
    parent.wait()
    # The next build waits for the writer that is on its way out, and goes on from its parts.
    code, output = bench.run()
    assert code == 0, output
    rows = bench.table().to_pylist()
    assert len({(r["image_sha256"], r["face_no"]) for r in rows}) == len(rows)
    assert {row["image_sha256"] for row in rows} == set(bench.images)
    assert 4 <= bench.counts()["already"] < len(bench.images)
