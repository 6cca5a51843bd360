"""A whole job: what is not in the cache is decoded, embedded and written part by part."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from embedder.cache import write_part
from embedder.lanes import Lane, held_lanes, images_of
from trainer.config.jobs import EmbedJob
from trainer.embedding.pack import read_pack
from trainer.embedding.scene_queries import KINDS
from trainer.embedding.scene_queries import PREFIX as QUERIES
from trainer.staging.clock import iso, now
from trainer.staging.manifest import ErrorBook, StageError, StageManifest
from trainer.staging.paths import RUN_MANIFEST
from trainer.staging.progress import Progress
from trainer.staging.schemas import SCENE_QUERIES

log = logging.getLogger(__name__)

if TYPE_CHECKING:
    from embedder.decode_pool import DecodePool, Task
    from embedder.engine import Engine
    from embedder.parts import Part

HEARTBEAT_SECONDS = 10.0


class Stopped(Exception):
    """Told to stop: the parts written so far stay, the job goes on from them."""


class Job:
    """Runs one `EmbedJob`. `stopping` is asked after each picture, by another thread."""

    def __init__(self, job: EmbedJob, stopping: Callable[[], bool]) -> None:
        self._job = job
        self._stopping = stopping
        self._counts: Counter[str] = Counter()
        self._errors = ErrorBook()
        self._files: dict[str, str] = {}
        self._engines: dict[str, Engine] = {}

    def run(self) -> StageManifest:
        """Do it and write `_RUN.json`.

        Raises `ConfigError` for a job that cannot run, `Stopped` where it was told to stop.
        """
        job = self._job
        (job.report_dir / RUN_MANIFEST).unlink(missing_ok=True)
        with held_lanes(job) as lanes:
            self._counts["pictures"] = len(job.images)
            self._counts["already"] = len(job.images) - len(lanes[0].todo)
            self._embed(lanes)
        manifest = self._manifest()
        manifest.write(job.report_dir)
        return manifest

    def _embed(self, lanes: list[Lane]) -> None:
        todo = images_of(lanes, self._job.images)
        copies = sum(len(lane.queries) for lane in lanes)
        progress = Progress(
            self._job.report_dir, "pictures", len(todo) + copies, line_seconds=HEARTBEAT_SECONDS
        )
        for lane in lanes:
            some = f", and degraded copies of {len(lane.queries)}" if lane.queries else ""
            log.info(
                f"{lane.pack.name}: {len(self._job.images) - len(lane.todo)} pictures are in the "
                f"cache, {len(lane.todo)} to embed{some}"
            )
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
            with self._pool(todo) as (pool, tasks):
                self._faces(pool, tasks, lanes, progress)
        for lane in lanes:
            if lane.queries and not self._stopping():
                with self._pool(lane.queries) as (pool, tasks):
                    self._queries(pool, tasks, lane, progress)

    @contextmanager
    def _pool(self, pictures: list[str]) -> Iterator[tuple[DecodePool, list[Task]]]:
        from embedder.decode_pool import DecodePool
        from embedder.pipeline import slots_each

        job = self._job
        tasks = [(image_path(job.images_dir, sha256), sha256) for sha256 in pictures]
        decoders = min(job.decoders or usable_cores(), len(pictures))
        with DecodePool(decoders, slots_each(job.batch, decoders)) as pool:
            yield pool, tasks

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
                self._write(part, busy[part.engine])

    def _queries(self, pool: DecodePool, tasks: list[Task], lane: Lane, progress: Progress) -> None:
        from embedder.scene_queries import query_parts

        pictures = -(-self._job.part_images // len(KINDS))  # a kill costs as much as of faces
        steps = (pictures, self._stopping, progress.advance)
        for part in query_parts(pool, tasks, self._engine(lane), *steps):
            self._write_queries(part, lane)

    def _write_queries(self, part: Part, lane: Lane) -> None:
        self._add_errors(part)
        if not part.rows:
            return
        shard = self._job.shard
        name, digest = write_part(lane.cache_dir, shard, part.rows, QUERIES, SCENE_QUERIES)
        self._files[self._listed(lane) + name] = digest
        for row in part.rows:
            self._counts[f"{self._listed(lane)}scene_queries_{row['outcome']}"] += 1

    def _listed(self, lane: Lane) -> str:
        """What files and figures of a further pack are listed under."""
        return "" if lane.pack.pack_id == self._job.pack_id else f"{lane.pack.name}/"

    def _add_errors(self, part: Part) -> None:
        for sha256, fault in part.unreadable:
            self._counts[fault.kind] += 1
            url = f"file:{sha256}"
            self._errors.add(StageError(kind=fault.kind, url=url, message=fault.message))

    def _write(self, part: Part, lane: Lane) -> None:
        self._add_errors(part)
        if not part.rows:
            return
        listed = self._listed(lane)
        name, digest = write_part(lane.cache_dir, self._job.shard, part.rows)
        self._files[listed + name] = digest
        self._counts[f"{listed}parts"] += 1
        for row in part.rows:
            outcome: str = row["outcome"]
            self._counts[listed + ("faces" if outcome == "face" else outcome)] += 1
            if outcome == "refused":
                self._counts[f"{listed}refused_{row['reason']}"] += 1

    def _manifest(self) -> StageManifest:
        always = dict.fromkeys(("faces", "no_face", "refused", "parts"), 0)
        return StageManifest(
            run_id=self._job.run_id,
            stage="embed",
            name=self._job.shard,
            status="complete",
            started_at=self._job.started_at,
            completed_at=iso(now()),
            counts=always | dict(self._counts) | {"errors": self._errors.total},
            errors=self._errors.listed(),
            files=self._files,
        )


def image_path(images_dir: Path, sha256: str) -> Path:
    """Where the staging store keeps a picture's bytes."""
    return images_dir / sha256[:2] / sha256


def usable_cores() -> int:
    """Cores that this process may run on; a container may have fewer than the machine."""
    return len(os.sched_getaffinity(0))
