"""Who lacks faces or facts that a reference site may give: their pages are asked for first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

import polars as pl

from trainer.faces.usable import usable_faces
from trainer.snapshots.store import IMAGES_FILE, PERFORMERS_FILE
from trainer.staging.frames import read_frame
from trainer.staging.rows import Candidate

ENOUGH_FACES = 2
Claim = tuple[str, str]


def face_counts(cache: Path, directories: Mapping[str, Path]) -> dict[Claim, int]:
    """Return by record how many of its pictures show a face that can be used; one that is not
    embedded yet counts as one that does.

    `cache`: the model pack's face cache. `directories`: snapshots of the sources that list
    performers, by source.
    """
    faces = usable_faces(cache)
    found: dict[Claim, int] = {}
    for source, directory in directories.items():
        counts = _of_source(directory, faces)
        found.update({(source, number): count for number, count in counts.iter_rows()})
    return found


def _of_source(directory: Path, faces: pl.DataFrame) -> pl.DataFrame:
    """source_id and count, of records with a face."""
    performers = read_frame(directory / PERFORMERS_FILE, ["source_id", "images"])
    images = read_frame(directory / IMAGES_FILE, ["url", "sha256"]).drop_nulls("sha256")
    return (
        performers.select(
            "source_id", pl.col("images").list.eval(pl.element().struct.field("url")).alias("url")
        )
        .explode("url")
        .join(images, on="url")
        .join(faces, on="sha256", how="left")
        .filter(pl.col("usable").fill_null(True))
        .group_by("source_id")
        .agg(pl.len())
    )


def lacks(candidates: Iterable[Candidate], faces: Mapping[Claim, int]) -> bool:
    """Has a page's person, all records together, too few faces, no birth date or no country?"""
    records = list(candidates)
    had = sum(faces.get((one["source"], one["source_id"]), 0) for one in records)
    facts = [any(one["birth_date"] for one in records), any(one["country"] for one in records)]
    return had < ENOUGH_FACES or not all(facts)
