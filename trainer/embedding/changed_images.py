"""Pictures whose bytes are not those of their name: deleted, so that they are fetched anew."""

from __future__ import annotations

import logging

from trainer.config.jobs import EmbedJob
from trainer.faces.cache import cached_images
from trainer.staging.atomic import sha256_file
from trainer.staging.manifest import StageManifest

log = logging.getLogger(__name__)

CHANGED = "image_changed"  # the kind of error under which the embedder reports them


def remove_changed(job: EmbedJob, manifest: StageManifest) -> int:
    """Delete those of the job that the embedder could not take for this reason; return how many.

    While they lie there, the ledger takes them for fetched.
    """
    if not any(error.kind == CHANGED for error in manifest.errors):
        return 0
    count = 0
    for sha256 in sorted({*job.images} - cached_images(job.cache_dir)):
        path = job.images_dir / sha256[:2] / sha256
        if path.exists() and sha256_file(path) != sha256:
            path.unlink()
            count += 1
    log.info(f"embed {job.shard}: {count} damaged pictures deleted; the next crawl fetches them")
    return count
