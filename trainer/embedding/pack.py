"""Model packs as they lie on disk: `models/<name>/pack.json` beside the pack's ONNX files.

Embeddings of two packs never meet, so a pack's id carries a hash over its files and its
preprocessing; the id names the face cache's directory and stands in every job.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.errors import ConfigError, DamagedFileError
from trainer.reasons import reason
from trainer.staging.atomic import read_json, sha256_file

PACK_FILE = "pack.json"
# Scores that upright faces have and turned ones hardly. YuNet's is measured: of 642 turned
# portraits the highest had 0.919. Those of the others leave room to the side of looking again. No
# part of a pack's id: they say what is looked at again, not what an upright face becomes.
_CLEAR = {"yunet": 0.93, "retinaface": 0.97, "scrfd": 0.8}
# Of the largest face's side in a picture: smaller ones alone are no reason to look again.
MATTERS = 0.5
Role = Literal["detector", "arcface", "facenet"]


class _Frozen(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PackFile(_Frozen):
    """One model file: what it is, and what the licence of its weights allows."""

    file: str = Field(pattern=r"^[A-Za-z0-9_.-]+\.onnx$")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    licence: str
    origin: str = Field(description="where the weights come from")


class _DetectorRule(_Frozen):
    kind: str

    @property
    def clear(self) -> float:
        """The score from which on a face whose points stand upright is not looked at again."""
        return _CLEAR[self.kind]


class YunetRule(_DetectorRule):
    """How a picture is shown to YuNet. Sides are pixels, `second_border` a share of the side."""

    kind: Literal["yunet"]
    max_side: int = Field(ge=64, description="a longer picture is shrunk to it")
    second_side: int = Field(ge=64, description="second pass: the long side is brought to it")
    second_border: float = Field(ge=0, le=2, description="second pass: border on every side")
    confidence: float = Field(gt=0, lt=1)
    nms_iou: float = Field(gt=0, lt=1)


class SquareRule(_DetectorRule):
    """How a picture is shown to a detector with a square input: scaled to fit, black below or to
    the right. Pixel values become (x - subtract) / divide, channel by channel in `colour` order."""

    kind: Literal["retinaface", "scrfd"]
    side: int = Field(ge=64, multiple_of=32, description="pixels")
    second_border: float = Field(ge=0, le=2, description="second pass: border, a share of `side`")
    confidence: float = Field(gt=0, lt=1)
    nms_iou: float = Field(gt=0, lt=1)
    colour: Literal["RGB", "BGR"]
    subtract: tuple[float, float, float]
    divide: float = Field(gt=0)


DetectorRule = Annotated[YunetRule | SquareRule, Field(discriminator="kind")]


class RecogniserRule(_Frozen):
    """How a face is shown to a recognition model, whose output has `width` numbers.

    `five_points`: aligned on the template; `box`: the detector's box, stretched; `eyes`: the box,
    turned until the eyes lie level, and fitted in with black beside it, as DeepFace does it.
    """

    crop: Literal["five_points", "box", "eyes"]
    box_scale: float | None = Field(None, gt=0, description="crop=box: enlargement of the box")
    via: int | None = Field(
        None, ge=32, description="crop=five_points: aligned at this side, then resized to `size`"
    )
    size: int = Field(ge=32, le=512, description="side of the square input, pixels")
    layout: Literal["NCHW", "NHWC"]
    colour: Literal["RGB", "BGR"]
    subtract: float
    divide: float = Field(gt=0)
    width: int = Field(ge=1, le=512)


class PackInfo(_Frozen):
    """`pack.json`."""

    name: str = Field(pattern=r"^[a-z0-9_-]+$")
    pack_id: str
    algorithm: int = Field(ge=1, description="raised when the code's preprocessing changes")
    flip_averaging: bool
    files: dict[Role, PackFile]
    detector: DetectorRule
    arcface: RecogniserRule
    facenet: RecogniserRule

    def expected_id(self) -> str:
        """`<name>-<12 hex>` over the files' hashes and everything that shapes an embedding."""
        return identity(self.name, self.model_dump(mode="json"))

    def detects_as(self, other: PackInfo) -> bool:
        """Does it find the same faces as `other`, so that one detection serves both?"""
        files = [pack.files["detector"].sha256 for pack in (self, other)]
        return files[0] == files[1] and self.detector == other.detector

    def path(self, model_dir: Path, role: Role) -> Path:
        """Return the ONNX file that has `role` in the pack."""
        return model_dir / self.files[role].file


def identity(name: str, content: dict[str, Any]) -> str:
    """The pack id of `content` (a PackInfo as JSON, with or without its `pack_id`)."""
    shaping = {
        key: value for key, value in content.items() if key not in {"name", "pack_id", "files"}
    }
    shaping["files"] = {role: entry["sha256"] for role, entry in content["files"].items()}
    text = json.dumps(shaping, sort_keys=True, separators=(",", ":"))
    return f"{name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def read_pack(model_dir: Path, verify_files: bool = True) -> PackInfo:
    """The pack in `model_dir`, its files' hashes checked.

    Raises `ConfigError` where there is none, `DamagedFileError` where a file is not what
    `pack.json` says or `pack.json` itself was changed.
    """
    path = model_dir / PACK_FILE
    if not path.exists():
        raise ConfigError(f"{path}: no model pack here; make it or fetch it first")
    try:
        pack = PackInfo.model_validate(read_json(path))
    except (ValidationError, ValueError) as error:
        raise DamagedFileError(
            f"{path}: not a model pack: {reason(error)}; make it again"
        ) from None
    if pack.pack_id != pack.expected_id():
        raise DamagedFileError(
            f"{path}: pack_id {pack.pack_id} does not fit its content ({pack.expected_id()}); "
            "a pack is never edited in place; make it again"
        )
    missing = {"detector", "arcface", "facenet"} - set(pack.files)
    if missing:
        raise DamagedFileError(f"{path}: files of {sorted(missing)} are missing; make it again")
    if verify_files:
        _verify(pack, model_dir)
    return pack


def _verify(pack: PackInfo, model_dir: Path) -> None:
    for entry in pack.files.values():
        path = model_dir / entry.file
        if not path.exists() or sha256_file(path) != entry.sha256:
            raise DamagedFileError(
                f"{path}: missing, or its sha256 is not the one in {PACK_FILE}; make it again"
            )
