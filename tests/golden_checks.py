"""The golden check, tried in the embedder's environment: what passes it and what does not.

    python -m tests.golden_checks MODEL_DIR DIRECTORY

Prints one JSON object: by case the message of the refusal, or what was said.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import embedder  # noqa: F401  isort: skip - sets what ONNX Runtime reads when it is loaded
import numpy as np
import onnx
from onnx import numpy_helper

from embedder import sessions
from embedder.engine import Engine
from embedder.exactness import checked_engine, compare
from embedder.golden.record import find_golden, observe
from embedder.sessions import PROVIDERS, Execution
from tests.log_hook import on_log
from trainer.embedding.pack import PackInfo, read_pack
from trainer.errors import ConfigError

PLAIN = Execution(threads=1)


def said(
    pack: PackInfo, model_dir: Path, execution: Execution, cache_dir: Path | None = None
) -> str:
    lines: list[str] = []
    try:
        with on_log(lines.append):
            checked_engine(pack, model_dir, execution, 4, cache_dir)
    except ConfigError as error:
        return str(error)
    return lines[-1]


def after(pack: PackInfo, model_dir: Path, change: Callable[[Engine], None]) -> str:
    """What the check says of an engine that was changed."""
    engine = Engine(pack, model_dir, PLAIN, 4)
    change(engine)
    reference = find_golden(pack, None)
    assert reference is not None
    try:
        return compare(observe(engine), reference, PLAIN)
    except ConfigError as error:
        return str(error)


def rule(role: str, **change: object) -> Callable[[Engine], None]:
    def apply(engine: Engine) -> None:
        recogniser = engine._recognisers[role]
        recogniser._rule = recogniser._rule.model_copy(update=change)

    return apply


def noisy(model_dir: Path, directory: Path, share: float) -> Callable[[Engine], None]:
    """The arcface model with noise in its convolutions, `share` of their own spread."""
    model = onnx.load(str(model_dir / "arcface.onnx"))
    generator = np.random.default_rng(4)
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.ndim == 4:
            noise = generator.normal(0, share * values.std(), values.shape)
            changed = numpy_helper.from_array((values + noise).astype(np.float32), tensor.name)
            tensor.CopyFrom(changed)
    path = directory / "arcface.onnx"
    onnx.save(model, str(path))

    def apply(engine: Engine) -> None:
        engine._recognisers["arcface"]._session = sessions.open_session(path, PLAIN, True)

    return apply


def moved(engine: Engine) -> None:
    """Points that lie some pixels off."""
    original = engine.detect

    def detect(images: Any) -> list:
        found = original(images)
        for faces in found:
            faces.points[:] += 6
        return found

    mock.patch.object(engine, "detect", detect).start()


def fallen_back(pack: PackInfo, model_dir: Path, device: str) -> str:
    """CUDA is offered, and a session comes back that has it not."""
    offered = [*PROVIDERS.values()]
    silent = SimpleNamespace(get_providers=lambda: ["CPUExecutionProvider"])
    with (
        mock.patch("onnxruntime.get_available_providers", lambda: offered),
        mock.patch("onnxruntime.InferenceSession", lambda *_, **__: silent),
        mock.patch.object(sessions, "_load_libraries", lambda _: None),
    ):
        return said(pack, model_dir, Execution(device, engines=Path("/nowhere/engines")))


def kept_is_used(pack: PackInfo, model_dir: Path, directory: Path) -> str:
    """What is said when the golden file kept in the cache holds other embeddings."""
    path = directory / "golden.json"
    content = json.loads(path.read_text())
    for faces in content["pictures"].values():
        faces[0]["facenet"], faces[0]["arcface"] = faces[0]["arcface"], faces[0]["facenet"]
    path.write_text(json.dumps(content))
    return said(pack, model_dir, PLAIN, directory)


def main() -> None:
    model_dir, directory = (Path(text) for text in sys.argv[1:])
    pack = read_pack(model_dir)
    other = pack.model_copy(update={"pack_id": "demo-unknown"})
    engines = directory / "engines"
    with mock.patch("onnxruntime.preload_dlls", lambda: None):
        absent = {
            device: said(pack, model_dir, Execution(device, engines=engines))
            for device in ("cuda", "tensorrt")
        }
    result = {
        "plain": said(pack, model_dir, PLAIN),
        "half": said(pack, model_dir, Execution(precision="fp16", threads=1)),
        "half_without_golden": said(other, model_dir, Execution(precision="fp16", threads=1)),
        "first": said(other, model_dir, PLAIN, directory),
        "kept_is_used": kept_is_used(other, model_dir, directory),
        "scaling": after(pack, model_dir, rule("facenet", divide=100.0)),
        "slip": after(pack, model_dir, rule("facenet", divide=127.5)),
        "colour": after(pack, model_dir, rule("arcface", colour="BGR")),
        "weights": after(pack, model_dir, noisy(model_dir, directory, 0.1)),
        "moved": after(pack, model_dir, moved),
        "absent": absent,
        "fallen_back": fallen_back(pack, model_dir, "cuda"),
    }
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
