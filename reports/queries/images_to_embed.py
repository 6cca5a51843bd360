"""About how many images a build would have to embed, from the last snapshots and the face cache."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import polars as pl

from reports.queries.background import Background
from trainer.embedding.pack import PACK_FILE, read_pack
from trainer.errors import TrainerError
from trainer.faces.cache import cache_parts, read_figures
from trainer.runs.record import RunRecord, read_record
from trainer.snapshots.store import IMAGES_FILE, PERFORMERS_FILE, last_snapshot
from trainer.staging.frames import read_frame
from trainer.staging.paths import DataDir
from trainer.staging.stamped import stamp
from trainer.state.store import read_snapshots

ENOUGH = 50  # images; fewer say little about how fast the embedder is
_RECENT = 10  # runs that are looked at for its speed


class SourceImages(NamedTuple):
    """The images of one source's last snapshot that have no faces yet.

    `here`: fetched, and not in the face cache. `groups`: performers by the images of theirs that
    show a face and by those that were never fetched, as `(with a face, not fetched, performers)`.
    """

    here: int
    groups: list[tuple[int, int, int]]

    def at_most(self, faces_per_performer: int) -> int:
        """How many there are to embed: an image is fetched only while its performer has too few."""
        fetched = (
            count * min(missing, max(faces_per_performer - faces, 0))
            for faces, missing, count in self.groups
        )
        return self.here + sum(fetched)


class Outlook(NamedTuple):
    """By source; and problems, as sentences."""

    by_source: dict[str, SourceImages]
    problems: list[str]


_answers: Background[Outlook] = Background(most=2)


def outlook_soon(data: DataDir, pack: str, patience: float) -> Outlook | None:
    """`outlook`, or None where counting takes longer than `patience` seconds: ask again."""
    cache = _cache_of(data, pack)
    key = (data.root, pack, stamp(data.state_db), tuple(cache_parts(cache)) if cache else ())
    return _answers.answer(key, lambda: outlook(data, pack), patience)


def outlook(data: DataDir, pack: str) -> Outlook:
    """Count in each source's last snapshot, for the model pack named `pack`."""
    found: dict[str, SourceImages] = {}
    problems: list[str] = []
    try:
        sources = sorted(read_snapshots(data.state_db))
        embedded = _embedded(data, pack)
    except (TrainerError, OSError) as error:
        return Outlook({}, [str(error)])
    for source in sources:
        try:
            if directory := last_snapshot(data, source):
                found[source] = _counted(directory, embedded)
        except (TrainerError, OSError) as error:
            problems.append(str(error))
    return Outlook(found, problems)


def images_per_second(data: DataDir, run_ids: list[str]) -> float | None:
    """How fast the last run embedded that had something to do; None where none is known."""
    for run_id in run_ids[:_RECENT]:
        try:
            record = read_record(data.run(run_id).record)
        except TrainerError:
            continue
        if speed := _speed(record):
            return speed
    return None


def _speed(record: RunRecord) -> float | None:
    """Shards are added up: they may have run side by side, or one after the other."""
    shards = [step for name, step in record.steps.items() if name.startswith("embed-")]
    seconds = sum(step.seconds or 0.0 for step in shards)
    embedded = record.embed.get("embedded", 0)
    return embedded / seconds if embedded >= ENOUGH and seconds else None


def _cache_of(data: DataDir, pack: str) -> Path | None:
    """The face cache of the pack that is there; None before it is."""
    directory = data.model_pack(pack)
    if not (directory / PACK_FILE).exists():
        return None
    return data.faces(read_pack(directory, verify_files=False).pack_id)


def _embedded(data: DataDir, pack: str) -> pl.DataFrame:
    """sha256 of each image that was embedded, and whether it shows a face."""
    try:
        cache = _cache_of(data, pack)
    except TrainerError:  # builds say what is wrong with it
        cache = None
    if cache is None:
        return pl.DataFrame(schema={"sha256": pl.String, "face": pl.Boolean})
    rows = read_figures(cache, ["image_sha256", "face_no", "outcome"])
    face = (pl.col("outcome") == "face").any().alias("face")
    return rows.group_by(pl.col("image_sha256").alias("sha256")).agg(face)


def _counted(directory: Path, embedded: pl.DataFrame) -> SourceImages:
    listed = (
        read_frame(directory / PERFORMERS_FILE, ["source_id", "deleted", "images"])
        .filter(~pl.col("deleted"))
        .select("source_id", pl.col("images"))
        .explode("images")
        .drop_nulls("images")
        .unnest("images")
        .filter(pl.col("fallback_for").is_null())
        .select("source_id", "url")
    )
    known = read_frame(directory / IMAGES_FILE, ["url", "sha256", "status"])
    rows = listed.join(known, on="url", how="left").join(embedded, on="sha256", how="left")
    fetched = pl.col("sha256").is_not_null()
    here = rows.filter(fetched & pl.col("face").is_null())["sha256"].n_unique()
    missing = ~fetched & (pl.col("status").is_null() | (pl.col("status") != "refused"))
    groups = (
        rows.group_by("source_id")
        .agg(pl.col("face").sum().alias("faces"), missing.sum().alias("missing"))
        .group_by("faces", "missing")
        .len()
        .sort("faces", "missing")
    )
    return SourceImages(here, [(int(f), int(m), int(n)) for f, m, n in groups.iter_rows()])
