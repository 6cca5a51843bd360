"""What `make demo` prints at its end: figures from the files, nothing typed in by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

from trainer.release.diff import DIFF_JSON, Diff
from trainer.runs.record import RunRecord, read_record
from trainer.staging.paths import DataDir


def summary_lines(data: DataDir, run_id: str, requests: list[dict[str, Any]]) -> list[str]:
    """Return a run's outcome, errors, sources, work and release as lines; `requests` is the world's
    log."""
    path = data.run(run_id).record
    if not path.exists():
        return [f"run {run_id} left no record in {data.runs}"]
    record = read_record(path)
    lines = ["", f"run {record.id}: {record.status}"]
    lines += [f"  error: {error.sentence}" for error in record.errors[:8]]
    if len(record.errors) > 8:
        lines.append(f"  ... {len(record.errors) - 8} more kinds in {path}")
    lines += _sources(record)
    lines += _work(record, requests)
    if record.release:
        lines += _release(data, record)
    return lines


def _sources(record: RunRecord) -> list[str]:
    """A line per source: what it gave, or why it gave nothing."""
    lines = []
    for name, source in sorted(record.stats.by_source.items()):
        reason = f": {source.reason}" if source.reason else ""
        lines.append(
            f"  {name:<12}{source.status}{reason}; {source.performers} people, "
            f"{source.images_fetched} pictures fetched, {source.faces} faces taken"
        )
    shown = ", ".join(f"{count} x {kind}" for kind, count in sorted(record.reviews.items()))
    return [*lines, f"  for a person to look at: {shown or 'nothing'} (trainer reviews)"]


def _work(record: RunRecord, requests: list[dict[str, Any]]) -> list[str]:
    requested = Counter(_what(entry["path"], entry["status"]) for entry in requests)
    stats, embed = record.stats.by_source.values(), record.embed
    known = sum(source.images_known for source in stats)
    spared = sum(source.images_not_needed for source in stats)
    return [
        f"  fetched     {requested['page']} pages, {requested['image']} pictures; "
        f"{requested['unchanged']} pages had not changed, "
        f"{known} pictures were known and not fetched again, {spared} were not needed",
        f"  embedded    {embed.get('embedded', 0)} pictures; "
        f"{embed.get('already', 0)} had been embedded before and were not again",
    ]


def _what(path: str, status: int) -> str:
    if path == "/robots.txt":
        return "robots"
    if status == 304:
        return "unchanged"
    image = "/images/" in path or path.lower().endswith((".jpg", ".png", ".webp"))
    return "image" if image else "page"


def _release(data: DataDir, record: RunRecord) -> list[str]:
    release = data.release(record.release or "")
    figures = record.evaluation or {}
    accept = figures.get("false_accept", {})
    rates = ", ".join(f"{_percent(rate)} at distance {at}" for at, rate in sorted(accept.items()))
    if (data.run(record.id).release / DIFF_JSON).exists():  # publishing would have moved it
        changes = ["nothing; the release stays as it is and no new version was made"]
    else:
        changes = Diff.model_validate_json((release / DIFF_JSON).read_bytes()).describe()
    return [
        f"  release     {release} (version {record.version})",
        f"  performers  {figures.get('performers')}",
        f"  faces       {figures.get('faces')}",
        f"  rank-1      {_percent(figures.get('rank_1'))} (each face searched without itself)",
        f"  false accepts {rates} (faces of people taken out of the index)",
        f"  maximum distance for at most {_safe(figures.get('safe_distances', {}))}",
        "  changed since the last release:",
        *[f"    {line}" for line in changes],
        "look at it:",
        "  make up                       Airflow's UI and the reports, on localhost",
        f"  .venv/bin/trainer versions --data-dir {data.root}",
        f"  .venv/bin/trainer verify --data-dir {data.root}",
        f"  .venv/bin/trainer export --data-dir {data.root}",
    ]


def _safe(distances: dict[str, float | None]) -> str:
    """`1% false accepts: 0.42; 0.1%: 0.38`."""
    return "; ".join(
        f"{100 * float(share):g}% false accepts: {'none' if distance is None else distance}"
        for share, distance in sorted(distances.items(), reverse=True)
    )


def _percent(share: float | None) -> str:
    return "not measured" if share is None else f"{100 * share:.1f}%"
