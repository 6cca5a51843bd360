"""The model packs of a job, side by side: pictures are decoded and detected once for all of them.

The first is the job's own. The others have the same detector, and faces of theirs go into their
own caches, as a job for each of them alone would leave them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from embedder.cache import known_images, shard_lock
from trainer.config.jobs import EmbedJob, PackPlace
from trainer.embedding.pack import PackInfo, read_pack
from trainer.embedding.scene_queries import known_queries
from trainer.errors import ConfigError


@dataclass(frozen=True)
class Lane:
    """A pack, where it lies, its cache, and what it has not embedded yet, in the job's order."""

    pack: PackInfo
    model_dir: Path
    cache_dir: Path
    todo: list[str]
    queries: list[str]

    def describe(self, images: int) -> str:
        """What is to be done of a job of so many images, for people."""
        copies = f", and degraded copies of {len(self.queries)}" if self.queries else ""
        todo = len(self.todo)
        return (
            f"{self.pack.name}: {images - todo} pictures are in the cache, {todo} to embed{copies}"
        )


@contextmanager
def held_lanes(job: EmbedJob) -> Iterator[list[Lane]]:
    """The packs of a job, while their shards are held.

    Raises `ConfigError` for a pack that is not the job's, or detects in another way.
    """
    own = PackPlace(
        pack_id=job.pack_id,
        model_dir=job.model_dir,
        cache_dir=job.cache_dir,
        scene_queries=job.scene_queries,
    )
    places = [own, *job.further]
    packs = [_pack(place) for place in places]
    _require_one_detector(packs)
    with ExitStack() as stack:
        for place in places:
            stack.enter_context(shard_lock(place.cache_dir, job.shard))
        yield [_lane(*both, job.images) for both in zip(places, packs, strict=True)]


def _pack(place: PackPlace) -> PackInfo:
    pack = read_pack(place.model_dir, verify_files=False)
    if pack.pack_id != place.pack_id:
        raise ConfigError(
            f"the job is for model pack {place.pack_id}, {place.model_dir} holds {pack.pack_id}; "
            "embeddings of two packs never meet; start the build again"
        )
    return pack


def _require_one_detector(packs: Sequence[PackInfo]) -> None:
    first = packs[0]
    other = next((pack for pack in packs if not pack.detects_as(first)), None)
    if other is not None:
        raise ConfigError(
            f"{other.pack_id} and {first.pack_id} have different detectors, so that one job can't "
            "embed for both; start the build again"
        )


def _lane(place: PackPlace, pack: PackInfo, images: Sequence[str]) -> Lane:
    known = known_images(place.cache_dir)
    queries = known_queries(place.cache_dir) if place.scene_queries else set()
    return Lane(
        pack,
        place.model_dir,
        place.cache_dir,
        [sha256 for sha256 in images if sha256 not in known],
        [sha256 for sha256 in place.scene_queries if sha256 not in queries],
    )


def images_of(lanes: Sequence[Lane], images: Sequence[str]) -> list[str]:
    """What any of the packs has to embed, in the job's order."""
    wanted = {sha256 for lane in lanes for sha256 in lane.todo}
    return [sha256 for sha256 in images if sha256 in wanted]
