"""What a job has written so far, in figures: parts of the face cache, outcomes, errors."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from embedder.cache import write_part
from trainer.embedding.scene_queries import PREFIX as QUERIES
from trainer.staging.clock import iso, now
from trainer.staging.manifest import ErrorBook, StageError, StageManifest
from trainer.staging.schemas import SCENE_QUERIES

if TYPE_CHECKING:
    from embedder.lanes import Lane
    from embedder.parts import Part
    from trainer.config.jobs import EmbedJob


class Results:
    """Writes the parts of one `EmbedJob` and counts what is in them."""

    def __init__(self, job: EmbedJob) -> None:
        self._job = job
        self._counts: Counter[str] = Counter()
        self._errors = ErrorBook()
        self._files: dict[str, str] = {}

    def count(self, name: str, number: int) -> None:
        """Note a figure of the whole job."""
        self._counts[name] = number

    def write_faces(self, part: Part, lane: Lane) -> None:
        """Add a part of rows of faces to the lane's cache."""
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

    def write_queries(self, part: Part, lane: Lane) -> None:
        """Add a part of rows of degraded copies to the lane's cache."""
        self._add_errors(part)
        if not part.rows:
            return
        shard = self._job.shard
        name, digest = write_part(lane.cache_dir, shard, part.rows, QUERIES, SCENE_QUERIES)
        self._files[self._listed(lane) + name] = digest
        for row in part.rows:
            self._counts[f"{self._listed(lane)}scene_queries_{row['outcome']}"] += 1

    def manifest(self) -> StageManifest:
        """Return the record of the complete job."""
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

    def _listed(self, lane: Lane) -> str:
        """What files and figures of a further pack are listed under."""
        return "" if lane.pack.pack_id == self._job.pack_id else f"{lane.pack.name}/"

    def _add_errors(self, part: Part) -> None:
        for sha256, fault in part.unreadable:
            self._counts[fault.kind] += 1
            url = f"file:{sha256}"
            self._errors.add(StageError(kind=fault.kind, url=url, message=fault.message))
