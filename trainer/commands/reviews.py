"""What `trainer reviews` says."""

from __future__ import annotations

from typing import Any

from trainer.errors import ConfigError
from trainer.identity.dismissed_reviews import left
from trainer.identity.reviews import Review, read_run_reviews, reviewed
from trainer.runs.record import list_records
from trainer.staging.paths import DataDir


def review_rows(
    data: DataDir, run: str | None, *, everything: bool = False
) -> tuple[str, list[dict[str, Any]]]:
    """The run and its items to review; with `everything` also those that a person left, whose
    `left` says why. Raises `ConfigError` where there is no such run."""
    run_id = _chosen(data, run)
    known = left(data)
    rows = [
        {"key": item.key, **item.model_dump(mode="json")}
        | ({"left": known[item.key].reason} if item.key in known else {})
        for item in read_run_reviews(data.run(run_id))
    ]
    return run_id, [row for row in rows if everything or "left" not in row]


def newest_items(data: DataDir) -> list[Review]:
    """All items of the newest run that has written any."""
    return read_run_reviews(data.run(_chosen(data, None)))


def _chosen(data: DataDir, run: str | None) -> str:
    known = [entry.run_id for entry in list_records(data) if reviewed(data.run(entry.run_id))]
    if run is None and not known:
        raise ConfigError(
            f"no run in {data.runs} has come to its step `resolve` yet; start one with `trainer "
            "build`"
        )
    run_id = run or known[0]
    if run_id not in known:
        raise ConfigError(f"no run {run_id!r} with reviews in {data.runs}; choose from {known}")
    return run_id


def review_lines(run_id: str, rows: list[dict[str, Any]]) -> list[str]:
    """One line an item, grouped by kind as they are ordered."""
    lines = [f"run {run_id}: {len(rows)} items to review"]
    for row in rows:
        people = ", ".join(map(str, row["performers"]))
        note = f" (left as it is: {row['left']})" if "left" in row else ""
        head = f"  {row['key']} {row['kind']} (performers {people})"
        lines.append(f"{head}: {row['text']}; {row['url']}{note}")
    return lines
