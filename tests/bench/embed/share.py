"""What the pipeline adds to its models: `python -m tests.bench.embed.share JOB.json ROUNDS`.

Every input that the models get while the pipeline runs is kept; then these very inputs go through
the same sessions alone, with nothing else going on, and the pipeline runs again, in turns. Prints
one JSON object. Runs in the embedder's environment.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import embedder  # noqa: F401  isort: skip - sets what ONNX Runtime reads when it is loaded
from embedder.decode_pool import DecodePool
from embedder.decoders import image_path, usable_cores
from embedder.engine import Engine
from embedder.pipeline import running, slots_each
from embedder.sessions import Execution
from trainer.config.jobs import EmbedJob
from trainer.embedding.pack import read_pack


class Kept:
    """A session that keeps what it is given while `inputs` is a list."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.inputs: list[dict[str, Any]] | None = []

    def run(self, names: Any, feed: dict[str, Any]) -> Any:
        if self.inputs is not None:
            self.inputs.append({name: value.copy() for name, value in feed.items()})
        return self.session.run(names, feed)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.session, name)


def wrapped(engine: Engine) -> list[Kept]:
    """The engine's three sessions, each in a `Kept`."""
    holders: list[Any] = [engine._detector._model, *engine._recognisers.values()]
    kept = [Kept(holder._session) for holder in holders]
    for holder, session in zip(holders, kept, strict=True):
        holder._session = session
    return kept


def pipeline_seconds(engine: Engine, job: EmbedJob) -> tuple[float, float, int]:
    """Seconds from the children being ready to the last part, with their start, and rows."""
    tasks = [(image_path(job.images_dir, sha256), sha256) for sha256 in job.images]
    decoders = job.decoders or usable_cores()
    begun = time.perf_counter()
    with DecodePool(decoders, slots_each(job.batch, decoders)) as pool:
        pool.wait_until_started()
        ready = time.perf_counter()
        stages = (engine, job.part_images, lambda: False, lambda: None)
        with running(pool, tasks, *stages) as parts:
            rows = sum(len(part.rows) for part in parts)
            done = time.perf_counter()
    return done - ready, done - begun, rows


def models_seconds(sessions: list[Kept], inputs: list[list[dict[str, Any]]]) -> float:
    begun = time.perf_counter()
    for session, feeds in zip(sessions, inputs, strict=True):
        for feed in feeds:
            session.session.run(None, feed)
    return time.perf_counter() - begun


def main() -> None:
    job = EmbedJob.model_validate_json(Path(sys.argv[1]).read_text())
    engine = Engine(read_pack(job.model_dir), job.model_dir, Execution.of(job), job.batch)
    sessions = wrapped(engine)
    rows = pipeline_seconds(engine, job)[2]
    inputs = [session.inputs or [] for session in sessions]
    for session in sessions:
        session.inputs = None
    result: dict[str, Any] = {"rows": rows, "models": [], "pipeline": [], "with_start": []}
    for _ in range(int(sys.argv[2])):
        result["models"].append(models_seconds(sessions, inputs))
        seconds, with_start, _ = pipeline_seconds(engine, job)
        result["pipeline"].append(seconds)
        result["with_start"].append(with_start)
    sys.stdout.write(json.dumps(result) + "\n")


if __name__ == "__main__":
    main()
