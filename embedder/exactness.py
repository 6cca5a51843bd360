"""Before any picture: do the models, here and now, say what they are known to say?

The reference is the pack's golden file; where there is none yet, the same models on the CPU in
full precision. Driver, runtime, half precision or TensorRT may change numbers a little, not more.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np

from embedder.engine import Engine
from embedder.golden.record import FILE, Golden, GoldenFace, find_golden, observe
from embedder.rows import ROLES
from embedder.sessions import Execution
from trainer.embedding.pack import PackInfo
from trainer.errors import ConfigError
from trainer.staging.atomic import write_json

log = logging.getLogger(__name__)

LEAST_COSINE = 0.999  # of another device or precision
LEAST_PLAIN_COSINE = 0.999999  # of the CPU in full precision, where only the last digits move
MOST_SHIFT = 0.02  # of the face's width: how far a point may lie from where it was


def checked_engine(
    pack: PackInfo,
    model_dir: Path,
    execution: Execution,
    batch: int,
    cache_dir: Path | None = None,
    beside: Engine | None = None,
) -> Engine:
    """An engine that has passed the check. Where a pack has no golden file, one is kept in
    `cache_dir`, so that all embeddings that will lie there are like the first ones. `beside`: one
    whose models it may share.

    Raises `ConfigError` where its embeddings are not the reference's.
    """
    engine = Engine(pack, model_dir, execution, batch, beside)
    seen = observe(engine)
    reference = find_golden(pack, cache_dir)
    if reference is None:
        plain = replace(execution, device="cpu", precision="fp32")
        reference = seen if execution.plain else observe(Engine(pack, model_dir, plain, 1))
        if cache_dir is not None:
            write_json(cache_dir / FILE, reference.model_dump(mode="json"))
            log.info(
                f"{cache_dir / FILE}: kept, later embeddings of this pack are compared with it"
            )
    log.info(f"golden faces: {compare(seen, reference, execution)}")
    return engine


def compare(seen: Golden, reference: Golden, execution: Execution) -> str:
    """The smallest cosine of each slot, as text; raises `ConfigError` where it is too small."""
    faces = _pairs(seen, reference, execution)
    for name, mine, theirs in faces:
        shift = np.abs(np.subtract(mine.points, theirs.points)).max() / theirs.box[2]
        if not shift <= MOST_SHIFT:
            raise ConfigError(
                f"{name}: the detector's points lie {shift:.1%} of the face's width from where "
                f"they were known to lie; {_advice(execution)}"
            )
    cosines = {
        role: min(_cosine(mine, theirs, role) for _, mine, theirs in faces) for role in ROLES
    }
    least = LEAST_PLAIN_COSINE if execution.plain else LEAST_COSINE
    for role, cosine in cosines.items():
        if not cosine > least:
            raise ConfigError(
                f"the {role} slot: cosine {cosine:.7f} to the reference, it must be above "
                f"{least}; {_advice(execution)}"
            )
    return ", ".join(f"{role} cosine {cosine:.6f}" for role, cosine in cosines.items())


def _pairs(
    seen: Golden, reference: Golden, execution: Execution
) -> list[tuple[str, GoldenFace, GoldenFace]]:
    pairs: list[tuple[str, GoldenFace, GoldenFace]] = []
    for name, expected in reference.pictures.items():
        found = seen.pictures.get(name, [])
        if len(found) != len(expected):
            raise ConfigError(
                f"{name}: {len(found)} faces found, {len(expected)} are known; {_advice(execution)}"
            )
        pairs.extend((name, *pair) for pair in zip(found, expected, strict=True))
    if not pairs:
        raise ConfigError(
            "no face in any golden picture; install the locked requirements and models"
        )
    return pairs


def _cosine(mine: GoldenFace, theirs: GoldenFace, role: str) -> float:
    first, second = (face.vector(role).astype(np.float64) for face in (mine, theirs))
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))


def _advice(execution: Execution) -> str:
    if execution.precision != "fp32":
        return "set TRAINER_PRECISION=fp32"
    if execution.device == "tensorrt":
        return "set TRAINER_DEVICE=cuda"
    if execution.device == "cuda":
        return "check the GPU driver, or set TRAINER_DEVICE=cpu"
    return (
        "install the locked requirements and models: embeddings of others do not fit those in the "
        "face cache"
    )
