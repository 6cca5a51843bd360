"""Why each face is or is not taken: for people who ask, and for those who have to decide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from trainer.faces.contamination import OF_ANOTHER
from trainer.faces.select import CONFLICT
from trainer.identity.reviews import Review
from trainer.staging.parquet import write_table

VERDICTS_FILE = "verdicts.parquet"
_COLUMNS = [
    "performer_id",
    "source",
    "image_sha256",
    "face_no",
    "url",
    "rule",
    "other_performer_id",
    "score",
]


def write_verdicts(directory: Path, capped: pl.DataFrame) -> None:
    """verdicts.parquet: a row a (performer, picture, face) in a stable order."""
    frame = capped.select(_COLUMNS).sort("performer_id", "image_sha256", "face_no")
    write_table(directory / VERDICTS_FILE, frame.to_arrow())


def questions(capped: pl.DataFrame) -> Iterator[Review]:
    """An item for each picture of two performers, and each only face that is another's."""
    asked = capped.filter(pl.col("rule").is_in([CONFLICT, OF_ANOTHER]))
    asked = asked.unique(["performer_id", "image_sha256"], keep="first", maintain_order=True)
    columns = ["rule", "source", "url", "performer_id", "other_performer_id", "score"]
    for rule, source, url, own, other, score in asked.select(columns).iter_rows():
        if rule == CONFLICT:
            if other is not None and own < other:
                text = f"performers {own} and {other} both have this picture; neither keeps it"
                yield Review(
                    kind="picture_of_two",
                    source=source,
                    url=url,
                    performers=(own, other),
                    text=text,
                )
        else:
            text = f"the only face of {own} is like {other}'s ({score:.2f}): one person or wrong"
            yield Review(
                kind="face_of_another", source=source, url=url, performers=(own, other), text=text
            )
