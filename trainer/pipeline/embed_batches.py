"""One batch after the other through the embedder, with the figures of all of them in one place."""

from __future__ import annotations

from collections import Counter
from typing import Any

from trainer.config.jobs import EmbedJob
from trainer.embedding.device import choose_device
from trainer.embedding.runner import run_shard
from trainer.pipeline.further_packs import places
from trainer.runs.context import RunContext
from trainer.staging.atomic import write_sealed
from trainer.staging.error_groups import ErrorBook
from trainer.staging.manifest import StageManifest
from trainer.staging.paths import RUN_MANIFEST, RunDir

# Faces per batch of the models, pictures per part (what a kill costs). More fill the CPU no
# better; a GPU whose memory is too small halves its batch.
BATCHES = {"cpu": {"batch": 16, "part_images": 64}, "gpu": {"batch": 64, "part_images": 256}}
SHARD, TOTAL = "beside", "beside-total"  # the batch in hand; all of them together
PARTS = 4  # of a batch: loading the models is a small share of that


class EmbedBatches:
    """Embeds batches of a run's pictures; the manifest of `TOTAL` adds them up."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._device = choose_device(context.settings)
        self._sizes: dict[str, Any] = BATCHES["cpu" if self._device == "cpu" else "gpu"]
        self.most = PARTS * int(self._sizes["part_images"])  # pictures of a batch

    def embed(self, images: list[str]) -> None:
        """Embed up to `most` pictures (sha256, sorted). Raises as `run_shard` does."""
        context, plan = self._context, self._context.plan
        cache, directory = context.data.faces(plan.pack_id), context.run.embed_shard(SHARD)
        cache.mkdir(parents=True, exist_ok=True)
        job = EmbedJob(
            run_id=plan.run_id,
            shard=SHARD,
            images_dir=context.data.images,
            model_dir=context.data.model_pack(context.settings.model_pack),
            pack_id=plan.pack_id,
            cache_dir=cache,
            report_dir=directory,
            images=images,
            further=places(context, {}),
            device=self._device,
            precision=context.settings.precision,
            started_at=plan.started_at,
            **self._sizes,
        )
        write_sealed(directory / "job.json", job.model_dump(mode="json"))
        self._add(run_shard(context.settings, directory / "job.json"))

    def _add(self, manifest: StageManifest) -> None:
        """Add a batch to the total; its own manifest goes, or it would count twice."""
        directory = self._context.run.embed_shard(TOTAL)
        before = StageManifest.read(directory)
        counts = Counter(manifest.counts)
        errors = ErrorBook()
        for one in (before, manifest) if before else (manifest,):
            for error in one.errors:
                errors.add(error)
        if before:
            counts.update(before.counts)
        total = manifest.model_copy(
            update={"name": TOTAL, "counts": dict(counts), "errors": errors.listed(), "files": {}}
        )
        directory.mkdir(parents=True, exist_ok=True)
        total.write(directory)
        (self._context.run.embed_shard(SHARD) / RUN_MANIFEST).unlink(missing_ok=True)


def embedded_beside(run: RunDir) -> int:
    """How many pictures a run embedded while its crawls went on."""
    total = StageManifest.read(run.embed_shard(TOTAL))
    return total.counts.get("pictures", 0) if total else 0
