"""Packs to measure with: the demo pack, the production architectures with random weights, and
models of a few kilobytes that leave the pipeline alone with its own work."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from trainer.config.settings import REPO_ROOT
from trainer.embedding.lock import load_lock
from trainer.embedding.pack import PACK_FILE, PackInfo, Role, identity
from trainer.staging.atomic import sha256_file, write_json

EMBEDDER = REPO_ROOT / ".venv-embedder" / "bin" / "python"
EXPORT = REPO_ROOT / ".venv-export" / "bin" / "python"
MODELS: Final[dict[Role, str]] = {"facenet": "facenet512", "arcface": "arcface"}
DETECTOR = "detector.onnx"


def demo_pack(directory: Path) -> Path:
    """The pack `demo`, made out of its packages."""
    command: list[str | Path] = [
        EMBEDDER,
        "-m",
        "embedder.packs",
        "make",
        "demo",
        "--out",
        directory,
    ]
    packages: list[str | Path] = ["--packages", REPO_ROOT / "var" / "packages"]
    subprocess.run([*command, *packages], cwd=REPO_ROOT, check=True, capture_output=True)
    return directory


def production_pack(directory: Path, demo: Path) -> Path | None:
    """DeepFace's architectures with random weights and the sidecar's rules; YuNet detects.

    None where the environment with TensorFlow is not there. DIR/<model>/random.h5 are the same
    weights for DeepFace itself.
    """
    if not EXPORT.exists():
        return None
    for model in MODELS.values():
        if not list((directory / model).glob("*.onnx")):
            sys.stdout.write(f"exporting {model} with random weights (about a minute)\n")
            (directory / model).mkdir(parents=True, exist_ok=True)
            command: list[str | Path] = [EXPORT, "-m", "tests.export_checks", model]
            subprocess.run(
                [*command, directory / model], cwd=REPO_ROOT, check=True, capture_output=True
            )
    rules, found = load_lock()["sidecar"], load_lock()["demo"]
    shutil.copyfile(demo / DETECTOR, directory / DETECTOR)
    files: dict[str, Path] = {"detector": directory / DETECTOR}
    for role, model in MODELS.items():
        files[role] = directory / rules.files[role].file
        shutil.copyfile(next((directory / model).glob("*.onnx")), files[role])
    content = rules.info("sidecar").model_dump(mode="json")
    content |= {"name": "bench", "detector": found.detector.model_dump(mode="json")}
    return write_pack(directory, content, files)


def write_pack(directory: Path, content: dict[str, object], files: dict[str, Path]) -> Path:
    """`pack.json` of `content` with these files."""
    content["files"] = {
        role: {
            "file": path.name,
            "sha256": sha256_file(path),
            "licence": "none",
            "origin": "made for measuring",
        }
        for role, path in files.items()
    }
    content["pack_id"] = identity(str(content["name"]), content)
    pack = PackInfo.model_validate(content)
    write_json(directory / PACK_FILE, pack.model_dump(mode="json"))
    return directory


def tiny_pack(directory: Path) -> Path:
    """A detector that finds one face in the middle of every picture, and tiny recognisers."""
    directory.mkdir(parents=True, exist_ok=True)
    command: list[str | Path] = [EMBEDDER, "-m", "tests.bench.embed.tiny_models", directory]
    subprocess.run(command, cwd=REPO_ROOT, check=True, capture_output=True)
    content = load_lock()["demo"].info("demo").model_dump(mode="json")
    content["name"] = "tiny"
    roles = ("detector", "arcface", "facenet")
    return write_pack(directory, content, {role: directory / f"{role}.onnx" for role in roles})
