"""Drift, half precision and devices: what the golden check lets through."""

from __future__ import annotations

import base64
import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tests.embed_job import MODELS, Bench, demo_pack, embedder_python
from trainer.config.settings import REPO_ROOT
from trainer.embedding.lock import load_lock
from trainer.embedding.pack import read_pack

SHIPPED = REPO_ROOT / "embedder" / "golden" / "demo.json"


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What tests/golden_checks.py prints."""
    model_dir, _ = demo_pack()
    done = subprocess.run(
        [embedder_python(), "-m", "tests.golden_checks", model_dir, tmp_path_factory.mktemp("g")],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def cosines(line: str) -> list[float]:
    assert line.startswith("golden faces: facenet cosine"), line
    return [float(part.split()[-1]) for part in line.split(",")]


def test_the_shipped_golden_file_is_of_the_locked_pack() -> None:
    _, pack_id = demo_pack()
    assert json.loads(SHIPPED.read_text())["pack_id"] == pack_id, "run `make golden`"


def test_golden_files_of_demonstration_packs_are_shipped() -> None:
    for name, pack in load_lock().items():
        if pack.demonstration:
            golden = json.loads((SHIPPED.parent / f"{name}.json").read_text())
            assert golden["pack_id"] == pack.info(name).pack_id, "run `make golden`"


def test_full_and_half_precision_pass(found: dict[str, Any]) -> None:
    assert min(cosines(found["plain"])) > 0.99999
    assert 0.999 < min(cosines(found["half"])) < 1


def test_without_a_golden_file_the_cpu_is_the_reference(found: dict[str, Any]) -> None:
    assert 0.999 < min(cosines(found["half_without_golden"])) < 1


def test_a_pack_without_one_keeps_its_first_embeddings_as_golden(found: dict[str, Any]) -> None:
    assert min(cosines(found["first"])) == 1
    assert found["kept_is_used"].startswith("the facenet slot: cosine")


@pytest.mark.parametrize(
    ("case", "slot"),
    [("scaling", "facenet"), ("slip", "facenet"), ("colour", "arcface"), ("weights", "arcface")],
)
def test_drift_is_refused(found: dict[str, Any], case: str, slot: str) -> None:
    assert found[case].startswith(f"the {slot} slot: cosine 0."), found[case]
    assert "do not fit those in the face cache" in found[case]


def test_points_that_have_moved_are_refused(found: dict[str, Any]) -> None:
    assert "points lie" in found["moved"] and "of the face's width" in found["moved"]


def test_a_gpu_that_is_not_there_or_not_used_is_an_error(found: dict[str, Any]) -> None:
    assert "device cuda was asked for, but this ONNX Runtime offers" in found["absent"]["cuda"]
    assert "tensorrt-cu13-libs" in found["absent"]["tensorrt"]
    assert "ONNX Runtime chose ['CPUExecutionProvider']" in found["fallen_back"]


def test_golden_files_are_the_same_bytes_each_time(tmp_path: Any) -> None:
    model_dir, _ = demo_pack()
    made = []
    for name in ("first.json", "second.json"):
        command: list[str | Path] = [embedder_python(), "-m", "embedder.golden", "make", model_dir]
        subprocess.run(
            [*command, "--out", tmp_path / name], cwd=REPO_ROOT, check=True, capture_output=True
        )
        made.append((tmp_path / name).read_bytes())
    assert made[0] == made[1]


def test_the_first_job_of_another_pack_keeps_a_golden_file(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    other = tmp_path / "models"
    files: list[str | Path] = [
        f"--{role}={MODELS / f'{role}.onnx'}" for role in ("detector", "arcface", "facenet")
    ]
    command: list[str | Path] = [
        embedder_python(),
        "-m",
        "embedder.packs",
        "assemble",
        "other",
        "--rules",
        "demo",
    ]
    subprocess.run(
        [*command, *files, "--out", other], cwd=REPO_ROOT, check=True, capture_output=True
    )
    pack = read_pack(other)
    assert pack.pack_id.startswith("other-") and pack.facenet.size == 160
    bench.add("wall", Image.new("RGB", (100, 100)))
    code, output = bench.run(model_dir=str(other), pack_id=pack.pack_id)
    assert code == 0, output
    assert f"{bench.cache / 'golden.json'}: kept" in output
    kept = json.loads((bench.cache / "golden.json").read_text())
    assert kept["pack_id"] == pack.pack_id
    shipped = json.loads(SHIPPED.read_text())["pictures"]
    assert kept["pictures"].keys() == shipped.keys()
    for name, faces in shipped.items():  # of another processor: not the same last bits
        for one, other in zip(kept["pictures"][name], faces, strict=True):
            assert np.allclose(one["points"], other["points"], atol=0.1)
            assert all(_cosine(one[slot], other[slot]) > 0.9999 for slot in ("arcface", "facenet"))


def _cosine(one: str, other: str) -> float:
    a, b = (np.frombuffer(base64.b64decode(text), "<f4").astype(float) for text in (one, other))
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
