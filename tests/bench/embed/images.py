"""Pictures to measure with: ten synthetic people, cut to common sizes, the same each time."""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path

import numpy as np
from PIL import Image

from trainer.config.settings import REPO_ROOT
from trainer.staging.atomic import write_bytes, write_json

PEOPLE = REPO_ROOT / "var" / "packages" / "openpeople" / "data" / "curated"
SIZES = ((1000, 1500), (1000, 1500), (1000, 1500), (500, 750))  # three large ones, a small one
LIST = "pictures.json"


def make_images(directory: Path, count: int) -> list[str]:
    """`count` JPEGs in `directory`, laid out as the image store; returns their sha256, sorted.

    What was made before is kept.
    """
    listed = directory / f"{count}-{LIST}"
    if listed.exists():
        kept: list[str] = json.loads(listed.read_text())
        return kept
    names = ("studio_portrait", "amateur_selfie")
    originals = [p for p in sorted(PEOPLE.glob("*/assets/*.jpg")) if p.stem in names]
    generator = np.random.default_rng(1)
    found = []
    for number in range(count):
        size = SIZES[number // len(originals) % len(SIZES)]
        content = _jpeg(originals[number % len(originals)], size, generator)
        digest = hashlib.sha256(content).hexdigest()
        write_bytes(directory / digest[:2] / digest, content)
        found.append(digest)
    write_json(listed, sorted(found))
    return sorted(found)


def _jpeg(original: Path, size: tuple[int, int], generator: np.random.Generator) -> bytes:
    """The middle of the picture at `size`, with grain, so that no two are the same."""
    image = Image.open(original).convert("RGB")
    width, height = size
    scale = max(width / image.width, height / image.height)
    image = image.resize((round(image.width * scale) + 1, round(image.height * scale) + 1))
    left = (image.width - width) // 2
    pixels = np.asarray(image.crop((left, 0, left + width, height)), np.int16)
    pixels = pixels + generator.integers(-6, 7, (height, width, 1))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def make_many(directory: Path, count: int) -> list[str]:
    """`count` small pictures that differ in a comment only: other bytes, the same work."""
    listed = directory / f"{count}-{LIST}"
    if listed.exists():
        kept: list[str] = json.loads(listed.read_text())
        return kept
    generator = np.random.default_rng(2)
    originals = sorted(PEOPLE.glob("*/assets/studio_portrait.jpg"))
    jpegs = [_jpeg(path, (400, 600), generator) for path in originals]
    found = []
    for number in range(count):
        comment = f"{number:08d}".encode()
        first = jpegs[number % len(jpegs)]
        content = first[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2) + comment + first[2:]
        digest = hashlib.sha256(content).hexdigest()
        path = directory / digest[:2] / digest
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        found.append(digest)
    write_json(listed, sorted(found))
    return sorted(found)
