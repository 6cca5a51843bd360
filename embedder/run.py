"""A whole job: what is not in the cache is decoded, embedded and written part by part."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TYPE_CHECKING

from embedder.decoders import running_decoders
from embedder.lanes import Lane, held_lanes, images_of
from embedder.results import Results
from trainer.config.jobs import EmbedJob
from trainer.embedding.pack import read_pack
from trainer.embedding.scene_queries import KINDS
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import RUN_MANIFEST
from trainer.staging.progress import Progress

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from embedder.decode_pool import DecodePool, Task
    from embedder.engine import Engine

HEARTBEAT_SECONDS = 10.0


class Stopped(Exception):
    """Told to stop: the parts written so far stay, the job goes on from them."""


class Job:
    """Runs one `EmbedJob`. `stopping` is asked after each picture, by another thread."""

    def __init__(self, job: EmbedJob, stopping: Callable[[], bool]) -> None:
        self._job = job
        self._stopping = stopping
        self._results = Results(job)
        self._engines: dict[str, Engine] = {}

    def run(self) -> StageManifest:
        """Do it and write `_RUN.json`.

        Raises `ConfigError` for a job that cannot run, `Stopped` where it was told to stop.
        """
        job = self._job
        (job.report_dir / RUN_MANIFEST).unlink(missing_ok=True)
        with held_lanes(job) as lanes:
            self._results.count("pictures", len(job.images))
            self._results.count("already", len(job.images) - len(lanes[0].todo))
            self._embed(lanes)
        manifest = self._results.manifest()
        manifest.write(job.report_dir)
        return manifest

    def _embed(self, lanes: list[Lane]) -> None:
        todo = images_of(lanes, self._job.images)
        copies = sum(len(lane.queries) for lane in lanes)
        progress = Progress(
            self._job.report_dir, "pictures", len(todo) + copies, line_seconds=HEARTBEAT_SECONDS
        )
        for lane in lanes:
            log.info(lane.describe(len(self._job.images)))
        if todo or copies:
            self._pipeline(lanes, todo, progress)
            if self._stopping():
                raise Stopped
        progress.finish()

    def _pipeline(self, lanes: list[Lane], todo: list[str], progress: Progress) -> None:
        # Loading the runtime takes longer than finding out that there is nothing to do.
        from embedder.sessions import check_device

        check_device(self._job.device)
        for lane in lanes:
            read_pack(lane.model_dir)
        if todo and not self._stopping():
            with running_decoders(self._job, todo) as (pool, tasks):
                self._faces(pool, tasks, lanes, progress)
        for lane in lanes:
            if lane.queries and not self._stopping():
                with running_decoders(self._job, lane.queries) as (pool, tasks):
                    self._queries(pool, tasks, lane, progress)

    def _engine(self, lane: Lane) -> Engine:
        """Opened once, and after the decoders are: children come of a small process."""
        from embedder.exactness import checked_engine
        from embedder.sessions import Execution

        job, name = self._job, lane.pack.pack_id
        if name not in self._engines:
            beside = next(iter(self._engines.values()), None)
            self._engines[name] = checked_engine(
                lane.pack, lane.model_dir, Execution.of(job), job.batch, lane.cache_dir, beside
            )
        return self._engines[name]

    def _faces(
        self, pool: DecodePool, tasks: list[Task], lanes: list[Lane], progress: Progress
    ) -> None:
        from embedder.pipeline import running

        busy = [lane for lane in lanes if lane.todo]
        engines = [(self._engine(lane), set(lane.todo)) for lane in busy]
        (engine, first), *further = engines
        stages = (engine, self._job.part_images, self._stopping, progress.advance)
        with running(pool, tasks, *stages, further, first) as parts:
            for part in parts:
                self._results.write_faces(part, busy[part.engine])

    def _queries(self, pool: DecodePool, tasks: list[Task], lane: Lane, progress: Progress) -> None:
        from embedder.scene_queries import query_parts

        images = -(-self._job.part_images // len(KINDS))  # a kill costs as much as of faces
        steps = (images, self._stopping, progress.advance)
        for part in query_parts(pool, tasks, self._engine(lane), *steps):
            self._results.write_queries(part, lane)
