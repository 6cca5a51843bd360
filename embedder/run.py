"""A whole job: what is not in the cache is decoded, embedded and written part by part."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from embedder.cache import known_pictures, shard_lock, write_part
from trainer.config.jobs import EmbedJob
from trainer.embedding.pack import PackInfo, read_pack
from trainer.embedding.scene_queries import KINDS, known_queries
from trainer.embedding.scene_queries import PREFIX as QUERIES
from trainer.errors import ConfigError
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

    def run(self) -> StageManifest:
        """Do it and write `_RUN.json`.

        Raises `ConfigError` for a job that cannot run, `Stopped` where it was told to stop.
        """
        job = self._job
        pack = read_pack(job.model_dir, verify_files=False)
        if pack.pack_id != job.pack_id:
            raise ConfigError(
                f"the job is for model pack {job.pack_id}, {job.model_dir} holds {pack.pack_id}; "
                "embeddings of two packs never meet; start the build again"
            )
        (job.report_dir / RUN_MANIFEST).unlink(missing_ok=True)
        with shard_lock(job.cache_dir, job.shard):
            known = known_pictures(job.cache_dir)
            todo = [sha256 for sha256 in job.images if sha256 not in known]
            self._counts["pictures"] = len(job.images)
            self._counts["already"] = len(job.images) - len(todo)
            queries = known_queries(job.cache_dir) if job.scene_queries else set()
            self._embed(pack, todo, [s for s in job.scene_queries if s not in queries])
        manifest = self._manifest()
        manifest.write(job.report_dir)
        return manifest

    def _embed(self, pack: PackInfo, todo: list[str], queries: list[str]) -> None:
        job = self._job
        total = len(todo) + len(queries)
        progress = Progress(job.report_dir, "pictures", total, line_seconds=HEARTBEAT_SECONDS)
        copies = f", and degraded copies of {len(queries)}" if queries else ""
        already = self._counts["already"]
        log.info(f"{already} pictures are in the cache, {len(todo)} to embed{copies}")
        if total:
            self._pipeline(pack, todo, queries, progress)
            if self._stopping():
                raise Stopped
        progress.finish()

    def _pipeline(
        self, pack: PackInfo, todo: list[str], queries: list[str], progress: Progress
    ) -> None:
        # Loading the runtime takes longer than finding out that there is nothing to do.
        from embedder.decode_pool import DecodePool
        from embedder.exactness import checked_engine
        from embedder.pipeline import slots_each
        from embedder.sessions import Execution, check_device

        job = self._job
        check_device(job.device)
        read_pack(job.model_dir)
        engine = None
        for stage, pictures in ((self._faces, todo), (self._queries, queries)):
            if not pictures or self._stopping():
                continue
            tasks = [(image_path(job.images_dir, sha256), sha256) for sha256 in pictures]
            decoders = min(job.decoders or usable_cores(), len(pictures))
            with DecodePool(decoders, slots_each(job.batch, decoders)) as pool:
                engine = engine or checked_engine(
                    pack, job.model_dir, Execution.of(job), job.batch, job.cache_dir
                )
                stage(pool, tasks, engine, progress)

    def _faces(
        self, pool: DecodePool, tasks: list[Task], engine: Engine, progress: Progress
    ) -> None:
        from embedder.pipeline import running

        stages = (engine, self._job.part_images, self._stopping, progress.advance)
        with running(pool, tasks, *stages) as parts:
            for part in parts:
                self._write(part)

    def _queries(
        self, pool: DecodePool, tasks: list[Task], engine: Engine, progress: Progress
    ) -> None:
        from embedder.scene_queries import query_parts

        pictures = -(-self._job.part_images // len(KINDS))  # a kill costs as much as of faces
        for part in query_parts(pool, tasks, engine, pictures, self._stopping, progress.advance):
            self._write_queries(part)

    def _write_queries(self, part: Part) -> None:
        self._add_errors(part)
        if not part.rows:
            return
        job = self._job
        name, digest = write_part(job.cache_dir, job.shard, part.rows, QUERIES, SCENE_QUERIES)
        self._files[name] = digest
        for row in part.rows:
            self._counts[f"scene_queries_{row['outcome']}"] += 1

    def _add_errors(self, part: Part) -> None:
        for sha256, fault in part.unreadable:
            self._counts[fault.kind] += 1
            url = f"file:{sha256}"
            self._errors.add(StageError(kind=fault.kind, url=url, message=fault.message))

    def _write(self, part: Part) -> None:
        self._add_errors(part)
        if not part.rows:
            return
        name, digest = write_part(self._job.cache_dir, self._job.shard, part.rows)
        self._files[name] = digest
        self._counts["parts"] += 1
        for row in part.rows:
            outcome: str = row["outcome"]
            self._counts["faces" if outcome == "face" else outcome] += 1
            if outcome == "refused":
                self._counts[f"refused_{row['reason']}"] += 1

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
