"""DeepFace's weights to ONNX, through the code that the published files go through."""

from __future__ import annotations

import json
import subprocess

import pytest

from embedder.export.__main__ import LEAST_COSINE, main
from embedder.export.published import load_published
from trainer.config.settings import REPO_ROOT
from trainer.embedding.lock import load_lock

PYTHON = REPO_ROOT / ".venv-export" / "bin" / "python"


@pytest.mark.parametrize(("pack", "colour"), [("sidecar", "RGB"), ("stashface", "BGR")])
def test_the_inputs_are_those_of_the_packs(pack, colour):
    rules = load_lock()[pack]
    for published in load_published().values():
        rule = getattr(rules, published.role)
        assert (rule.layout, rule.colour, rule.size) == ("NHWC", colour, published.input_side)
        assert rules.files[published.role].file == published.file


def test_other_weights_than_the_pinned_ones_are_refused(tmp_path, capsys):
    (tmp_path / "weights.h5").write_bytes(b"not the published file")
    arguments = ["arcface", "--weights", str(tmp_path / "weights.h5"), "--out", str(tmp_path)]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert load_published()["arcface"].sha256 in error
    assert "github.com/serengil/deepface_models" in error
    assert not (tmp_path / "arcface.onnx").exists()


@pytest.mark.skipif(not PYTHON.exists(), reason=f"no {PYTHON}: run `make export-setup` (2.5 GB)")
@pytest.mark.parametrize("model", sorted(load_published()))
def test_random_weights_come_out_as_they_went_in(model, tmp_path):
    done = subprocess.run(
        [PYTHON, "-m", "tests.export_checks", model, tmp_path],
        cwd=REPO_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    figures = json.loads(done.stdout.splitlines()[-1])
    assert figures["least_cosine"] > LEAST_COSINE
    # The pack `stashface` against DeepFace's own `extract_faces` and `represent`.
    assert figures["crop_grey"] == 0
    assert figures["represent_cosine"] > 0.99999
    assert max(figures["controls"].values()) < 0.9999  # another colour order, scale or crop shows
    assert (tmp_path / load_published()[model].file).stat().st_size > 50e6
