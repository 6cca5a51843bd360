"""A golden file: its form, where it is looked for, and what a running engine says instead."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from embedder.decode import DecodedImage, decode_bytes
from embedder.engine import Engine
from embedder.rows import ROLES, cropped
from embedder.vectors import Floats
from trainer.embedding.pack import PackInfo
from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.staging.atomic import read_json

HERE = Path(__file__).parent
FILE = "golden.json"


class GoldenFace(BaseModel):
    """`box` x, y, width, height and `points` (10) in pixels; both embeddings (512, unit length) as
    base64 of little-endian float32."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    box: list[float]
    points: list[float]
    facenet: str
    arcface: str

    def vector(self, role: str) -> Floats:
        """The embedding of one slot, (512,)."""
        return np.frombuffer(base64.b64decode(getattr(self, role)), "<f4")


class Golden(BaseModel):
    """The faces of each golden picture, best first."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    pack_id: str
    pictures: dict[str, list[GoldenFace]]


def shipped(name: str) -> Path:
    """Where the golden file of the pack `name` lies that comes with the program."""
    return HERE / f"{name}.json"


def find_golden(pack: PackInfo, cache_dir: Path | None) -> Golden | None:
    """The golden file of exactly this pack: shipped with the program, or kept in its face cache.

    Raises `DamagedFileError` for a file that is none.
    """
    for path in (shipped(pack.name), *([cache_dir / FILE] if cache_dir else [])):
        if path.exists():
            try:
                golden = Golden.model_validate(read_json(path))
            except (ValidationError, ValueError) as error:
                raise DamagedFileError(
                    f"{path}: not a golden file: {reason(error)}; restore or delete it"
                ) from None
            if golden.pack_id == pack.pack_id:
                return golden
    return None


def observe(engine: Engine) -> Golden:
    """What the engine says of the golden pictures."""
    names = sorted(path.name for path in HERE.glob("*.jpg"))
    images = [_decoded(HERE / name) for name in names]
    found = engine.detect([image.pixels for image in images])
    faces = {}
    for name, image, seen in zip(names, images, found, strict=True):
        cut = cropped(engine.pack, name, image, seen)
        vectors = {role: engine.embed(role, cut.crops[role]) for role in ROLES}
        faces[name] = [
            GoldenFace(
                box=_rounded(row["box"]),
                points=_rounded(row["landmarks"]),
                **{role: _text(vectors[role][number]) for role in ROLES},
            )
            for number, row in enumerate(cut.faces)
        ]
    return Golden(pack_id=engine.pack.pack_id, pictures=faces)


def _decoded(path: Path) -> DecodedImage:
    decoded = decode_bytes(path.read_bytes())
    if not isinstance(decoded, DecodedImage):
        raise DamagedFileError(f"{path}: {decoded.reason}; restore it from the repository")
    return decoded


def _rounded(pixels: list[float]) -> list[float]:
    return [round(value, 2) for value in pixels]


def _text(vector: Floats) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()
