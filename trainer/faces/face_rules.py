"""Why each face is or is not taken: for people who ask, and for those who have to decide."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

import polars as pl

from trainer.faces.contamination import OF_ANOTHER
from trainer.faces.select import CONFLICT
from trainer.identity.reviews import Kind, Review
from trainer.staging.parquet import write_table

FACE_RULES_FILE = "verdicts.parquet"
_COLUMNS = [
    "performer_id",
    "source",
    "image_sha256",
    "face_no",
    "url",
    "rule",
    "other_performer_id",
    "score",
    "disagrees",
]


def write_face_rules(directory: Path, *judged: pl.DataFrame) -> None:
    """Write verdicts.parquet: one row per (performer, picture, face), in a stable order."""
    frame = pl.concat(part.select(_COLUMNS) for part in judged).sort(
        "performer_id", "image_sha256", "face_no"
    )
    write_table(directory / FACE_RULES_FILE, frame.to_arrow())


def questions(capped: pl.DataFrame, quarantined: Collection[int] = ()) -> Iterator[Review]:
    """An item for each picture of two performers, each only face that is another's, and each
    performer whose two faces are not alike.

    `quarantined`: performers who are not in `capped`, but whose pictures were looked at.
    """
    yield from _disagreeing(capped)
    doubtful = capped.filter(pl.col("rule").is_in([CONFLICT, OF_ANOTHER]))
    doubtful = doubtful.unique(["performer_id", "image_sha256"], keep="first", maintain_order=True)
    columns = ["rule", "source", "url", "performer_id", "other_performer_id", "score"]
    for rule, source, url, own, other, score in doubtful.select(columns).iter_rows():
        out = other in quarantined
        if rule == CONFLICT and (other is None or (own > other and not out)):
            continue
        kind: Kind = "picture_of_two" if rule == CONFLICT else "face_of_another"
        text = _image(own, other) if rule == CONFLICT else _face(own, other, score)
        if out:
            text = f"{text} ({other} is in quarantine)"
        yield Review(kind=kind, source=source, url=url, performers=(own, other), text=text)


def _disagreeing(capped: pl.DataFrame) -> Iterator[Review]:
    """An item for each performer with two faces that are not alike, at the worse of them."""
    faces = capped.filter("disagrees").sort("performer_id", "quality_score", "image_sha256")
    for owner, source, url in (
        faces.unique("performer_id", keep="first", maintain_order=True)
        .select("performer_id", "source", "url")
        .iter_rows()
    ):
        text = "its two faces are not alike: one may be somebody else's; both are kept"
        yield Review(kind="faces_disagree", source=source, url=url, performers=(owner,), text=text)


def _image(own: int, other: int) -> str:
    return f"performers {own} and {other} both have this picture; neither keeps it"


def _face(own: int, other: int, score: float) -> str:
    return f"the only face of {own} is like {other}'s ({score:.2f}): one person or wrong"
