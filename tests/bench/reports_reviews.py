"""What a person decides on, at its largest: ids, review items, face rules, exclusions."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from trainer.exclusions.edit import person_value
from trainer.exclusions.list_file import changing_list
from trainer.faces.face_rules import FACE_RULES_FILE
from trainer.identity.reviews import Review, write_reviews
from trainer.staging.parquet import write_table
from trainer.staging.paths import DataDir
from trainer.state.store import StateChanges, commit_release

ITEMS = 2_000
EXCLUDED = 500
EACH = 8  # faces looked at per performer
WHEN = "2024-01-07T00:00:00Z"


def give_ids(data: DataDir, run_id: str, version_id: str, performers: int) -> None:
    """Every performer has two records. Before any release: state.db is older than these."""
    claims = {(s, f"id-{i}"): i for i in range(1, performers + 1) for s in ("stashdb", "fansdb")}
    given = dict.fromkeys(range(1, performers + 1), WHEN)
    changes = StateChanges(run_id, version_id, "2024.01.07", WHEN, given, claims, [], [], [])
    commit_release(data.state_db, changes)


def ask(data: DataDir, run_id: str, performers: int) -> None:
    """Review items; and one of a hundred performers has a face that is kept out."""
    run = data.run(run_id)
    write_reviews(run.resolve, (_item(number, performers) for number in range(ITEMS)))
    _rules(run.select / FACE_RULES_FILE, performers)


def exclude(data: DataDir) -> None:
    """EXCLUDED people, by name and birth date."""
    with changing_list(data) as db:
        db.executemany(
            "INSERT INTO exclusions (kind, value, reason, added_at) VALUES ('person', ?, ?, ?)",
            [(person_value(f"Excluded {n}", "1980-02-03"), "asked", WHEN) for n in range(EXCLUDED)],
        )


def _item(number: int, performers: int) -> Review:
    pair = (1 + number % performers, 1 + (number + 7) % performers)
    url = f"https://iafd.example/{number}"
    text = f"item {number}: nothing on it confirms that it is the same person"
    return Review(kind="unconfirmed_page", source="iafd", url=url, performers=pair, text=text)


def _rules(path: Path, performers: int) -> None:
    count = performers * EACH
    numbers = pl.int_range(count, dtype=pl.Int64, eager=True)
    doubted = numbers % (100 * EACH) == 0
    frame = pl.DataFrame({"performer_id": 1 + numbers // EACH}).with_columns(
        source=pl.lit("stashdb"),
        image_sha256=numbers.cast(pl.String).str.zfill(64),
        face_no=pl.lit(0, pl.Int16),
        url=pl.lit("https://pictures.example/") + numbers.cast(pl.String),
        rule=pl.when(doubted).then(pl.lit("nearer_to_another")).otherwise(pl.lit("single_face")),
        other_performer_id=pl.when(doubted).then(1 + numbers % performers),
        score=pl.when(doubted).then(pl.lit(0.7)),
        disagrees=pl.lit(value=False),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    write_table(path, frame.to_arrow())
