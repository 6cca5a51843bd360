"""Whom and which faces the newest build kept out: faces of somebody else, people in quarantine."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from reports.queries.runs import RunSummary
from trainer.adults.quarantine import QUARANTINE_FILE
from trainer.errors import TrainerError
from trainer.faces.contamination import FAR, NEARER, OF_ANOTHER
from trainer.faces.face_rules import FACE_RULES_FILE
from trainer.faces.select import CONFLICT
from trainer.pipeline.review_subjects import DoubtedFace, doubted_faces, newest_rules
from trainer.reasons import reason
from trainer.staging.frames import read_frame
from trainer.staging.paths import DataDir
from trainer.staging.stamped import Kept

MEANING = {
    OF_ANOTHER: "only face, another's",
    NEARER: "nearer to another",
    FAR: "far from the others",
    CONFLICT: "picture of two",
}
MOST_LISTED = 200
_COLUMNS = ("performer_id", "source", "rule", "other_performer_id", "score")


class KeptOut(NamedTuple):
    """`counts`: reason -> how many; `listed`: the first of them."""

    counts: dict[str, int]
    listed: list[dict[str, Any]]


Answer = tuple[KeptOut | None, list[str]]


def contaminated(data: DataDir, runs: list[RunSummary]) -> Answer:
    """Faces of the newest selection that look like somebody else's, the most alike first; and
    problems, as sentences."""
    return _newest([data.run(r.run_id).select / FACE_RULES_FILE for r in runs], _faces)


def quarantined(data: DataDir, runs: list[RunSummary]) -> Answer:
    """People of the newest build who can't be shown to be adults; and problems, as sentences."""
    return _newest([data.run(r.run_id).resolve / QUARANTINE_FILE for r in runs], _people)


def doubted(data: DataDir) -> list[DoubtedFace]:
    """The first faces of the newest selection that a person may decide about; raises
    `DamagedFileError`."""
    path = newest_rules(data)
    return _doubted(path) if path else []


def _newest(paths: list[Path], read: Kept[KeptOut]) -> Answer:
    path = next((path for path in paths if path.exists()), None)
    if path is None:
        return None, []
    try:
        return read(path), []
    except TrainerError as error:
        return None, [str(error)]
    except (OSError, ValueError, pl.exceptions.PolarsError, sqlite3.Error) as error:
        return None, [f"{path}: damaged ({reason(error)}); build once more"]


def _read_faces(path: Path) -> KeptOut:
    frame = read_frame(path, _COLUMNS).filter(pl.col("rule").is_in([*MEANING]))
    order = [pl.col("score").fill_null(-1.0), "performer_id"]
    ordered = frame.sort(order, descending=[True, False])
    rules = pl.col("rule").replace_strict(MEANING, return_dtype=pl.String)
    return _counted(ordered.with_columns(rules.alias("reason")).drop("rule"))


def _read_people(path: Path) -> KeptOut:
    return _counted(read_frame(path, ("performer_id", "universal_id", "reason")))


def _counted(frame: pl.DataFrame) -> KeptOut:
    counts = frame.group_by("reason").len().sort("len", "reason", descending=[True, False])
    return KeptOut(dict(counts.iter_rows()), frame.head(MOST_LISTED).to_dicts())


_doubted = Kept(lambda path: doubted_faces(path)[:MOST_LISTED], most=4)
_faces = Kept(_read_faces, most=4)
_people = Kept(_read_people, most=4)
