"""`weights.yaml`: the published weights that can be exported."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, HttpUrl

WEIGHTS = Path(__file__).with_name("weights.yaml")


class Published(BaseModel):
    """One model's weights and the code that they belong to."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    role: Literal["facenet", "arcface"]
    weights: str = Field(description="the name under which DeepFace looks for the file")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    size: int = Field(description="bytes")
    url: HttpUrl
    licence: str
    builder: str = Field(description="module:function that builds the model and loads the file")
    input_side: int = Field(description="pixels; the input is NHWC, RGB")
    file: str = Field(description="name of the ONNX file in a model pack")


def load_published(path: Path = WEIGHTS) -> dict[str, Published]:
    """Return the published weights that can be exported, by model name."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    return {name: Published.model_validate(entry) for name, entry in content.items()}
