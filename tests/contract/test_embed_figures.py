"""The embedder's numbers against independent formulations, and its accuracy on people."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.embed_job import PEOPLE, demo_pack, embedder_python, portraits
from trainer.config.settings import REPO_ROOT


def _figures(module: str, *arguments: str | Path) -> dict[str, Any]:
    """What `module` prints, run in the embedder's environment."""
    done = subprocess.run(
        [embedder_python(), "-m", module, *arguments],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def test_numbers_agree_with_other_implementations() -> None:
    model_dir, _ = demo_pack()
    names = ("P001/assets/studio_portrait", "P002/assets/amateur_selfie")
    images = [PEOPLE / f"{name}.jpg" for name in names]
    figures = _figures("tests.embedder_checks", model_dir, *images)
    assert figures["detector_pixels"] < 1e-3  # to OpenCV's FaceDetectorYN
    assert figures["alignment_grey"] < 1.0  # OpenCV interpolates in 1/32 pixel steps
    assert figures["box_grey"] == 0
    # A face that no turn shows upright is refused, the others of its picture stay.
    assert figures["refusals"] == [["refused", "turned"], ["face", "0: 0"], ["face", "2: 90"]]
    for model in ("arcface", "facenet"):
        assert figures["flips"][model] < 1e-5 < figures["flips"][f"{model}_effect"]


def test_square_detectors_read_the_faces_that_were_planted() -> None:
    figures = _figures("tests.detector_checks")
    assert set(figures) == {"sidecar", "sidecar-scrfd", "stashface"}
    for found in figures.values():
        keys = ("planted", "scaled", "several", "turned", "blob")
        assert max(found[key] for key in keys) < 1e-3
        assert found["passes"] == 8  # nothing found: framed and tried again, in each of four turns
        assert found["looks"] == 1  # clearly upright: shown once


def test_the_sidecars_preprocessing_is_reproduced_step_by_step() -> None:
    figures = _figures("tests.sidecar_checks")
    assert figures["shapes"] == {"arcface": [1, 112, 112, 3], "facenet": [1, 160, 160, 3]}
    assert figures["transform"] < 1e-9
    assert figures["resize_grey"] < 1  # OpenCV rounds to whole greys
    assert max(figures["scaling"], figures["flips"]) < 1e-6
    assert figures["yaw"] < 1e-9


def test_faces_are_levelled_by_their_eyes_as_deepface_does() -> None:
    figures = _figures("tests.eyes_crop_checks")
    assert figures["plain_grey"] == 0  # level eyes: the box as it is
    assert figures["outside_grey"] == 0  # black beyond the picture
    assert figures["eyes_pixels"] < 1  # after the turn both eyes lie on one line
    # 63 x 112: the odd black column stays on the right, in the mirror image too.
    assert figures["black"] == [[24, 25], [24, 25]]
    assert figures["mirror_grey"] < 1e-4
    assert figures["refused"] == 2
    scale = figures["scale"]
    assert scale == {"facenet": [-1.0, 1.0], "arcface": [0.0, 1.0]}


def test_accuracy_of_a_folder_of_people(tmp_path: Path) -> None:
    for name, image in portraits(
        ("studio_portrait", "amateur_selfie", "studio_posture"), 500
    ).items():
        person, _, kind = name.partition("/")
        (tmp_path / person).mkdir(exist_ok=True)
        image.save(tmp_path / person / f"{kind}.jpg", quality=95)
    model_dir, _ = demo_pack()
    figures = _figures("embedder.accuracy", model_dir, tmp_path, "--pairs", "60")
    print(figures)  # noqa: T201
    assert (figures["pictures"], figures["people"], figures["faces_found"]) == (30, 10, 1)
    for slot in ("arcface", "facenet"):
        assert figures[slot]["pairs"] == 60
        assert figures[slot]["verification"] > 0.8 and figures[slot]["rank_1"] > 0.8
