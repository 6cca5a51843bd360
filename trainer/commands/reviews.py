"""What `trainer reviews` says."""

from __future__ import annotations

from typing import Any

from trainer.errors import ConfigError
from trainer.identity.reviews import read_run_reviews, reviewed
from trainer.staging.paths import DataDir
from trainer.staging.records import list_records


def review_rows(data: DataDir, run: str | None) -> tuple[str, list[dict[str, Any]]]:
    """The run and its review items; raises `ConfigError` where there is no such run."""
    known = [entry.run_id for entry in list_records(data) if reviewed(data.run(entry.run_id))]
    if run is None and not known:
        raise ConfigError(f"no run in {data.runs} has come to its step `resolve` yet")
    run_id = run or known[0]
    if run_id not in known:
        raise ConfigError(f"no run {run_id!r} with reviews in {data.runs}; there are: {known}")
    items = read_run_reviews(data.run(run_id))
    return run_id, [item.model_dump(mode="json") for item in items]


def review_lines(run_id: str, rows: list[dict[str, Any]]) -> list[str]:
    """One line an item, grouped by kind as they are ordered."""
    lines = [f"run {run_id}: {len(rows)} items to review"]
    for row in rows:
        people = ", ".join(map(str, row["performers"]))
        lines.append(f"  {row['kind']} (performers {people}): {row['text']}; {row['url']}")
    return lines
