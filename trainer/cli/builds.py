"""`trainer build`."""

from __future__ import annotations

from typing import Annotated

import typer

from trainer.cli.common import DataDirOption, JsonOption, show
from trainer.config.settings import Settings
from trainer.pipeline.build import build as run_build
from trainer.release.gate import GateResult
from trainer.runs.record import RunRecord, SourceStats
from trainer.runs.requests import face_line, request_lines

EXIT_BY_STATUS = {"completed": 0, "failed": 1, "needs_approval": 3, "partial": 4, "rejected": 5}


def build(
    conf: Annotated[str | None, typer.Option(help="Parameters as a JSON object.")] = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the whole build here, without servers; goes on with an interrupted one."""
    record = run_build(Settings.load(data_dir), conf)
    show(record.model_dump(mode="json"), as_json, build_lines(record))
    raise typer.Exit(EXIT_BY_STATUS.get(record.status, 1))


MOST_ERRORS = 20


def _pages(stats: SourceStats) -> str:
    """Return the pages that were not read, by reason: ` (3 known, 1 missing)`, or nothing."""
    kinds = ("known", "not_modified", "missing", "unconfirmed", "unreadable")
    counts = {kind: getattr(stats, f"pages_{kind}") for kind in kinds}
    named = ", ".join(f"{n} {kind.replace('_', ' ')}" for kind, n in counts.items() if n)
    return f" ({named})" if named else ""


def build_lines(record: RunRecord) -> list[str]:
    """Return a run's record as lines for people."""
    lines = [f"run {record.id}: {record.status}"]
    for source, stats in sorted(record.stats.by_source.items()):
        lines += _source_lines(source, stats)
    embed = record.embed
    beside = ""
    if embed.get("beside"):
        idle = embed.get("beside_idle_percent", 0)
        beside = (
            f" ({embed['beside']} of them while others were fetched, idle {idle}% of that time)"
        )
    lines.append(
        f"  embedder: {embed.get('embedded', 0)} pictures embedded now{beside}, "
        f"{embed.get('already', 0)} before"
    )
    lines += [f"  {line}" for line in request_lines(record.requests)]
    lines += [f"  {line}" for line in face_line(record.faces_per_performer)]
    return [*lines, *_decision_lines(record), *_error_lines(record)]


def _source_lines(source: str, stats: SourceStats) -> list[str]:
    reason = f" - {stats.reason}" if stats.reason else ""
    return [
        f"  {source}: {stats.status}{reason}; {stats.performers} performers in "
        f"{stats.pages} pages{_pages(stats)}, pictures {stats.images_fetched} fetched, "
        f"{stats.images_known} known, {stats.images_refused} refused, "
        f"{stats.images_failed} failed, {stats.images_not_needed} not needed; "
        f"{stats.faces} faces selected",
        *_left(stats),
        *(f"    warning: {warning}" for warning in stats.warnings),
    ]


def _left(stats: SourceStats) -> list[str]:
    """Return what the build's time left over, in one line or none."""
    if not stats.images_left and not stats.pages_left:
        return []
    pages = f"{stats.pages_left} pages and " if stats.pages_left else ""
    line = (
        f"    left for the next build: {pages}{stats.images_left:,} pictures, about "
        f"{stats.hours_left:g} hours of requests"
    )
    if stats.next_hour_performers:
        line += (
            f"; its first hour brings pictures of {stats.next_hour_performers:,} performers, "
            "those with most to gain first"
        )
    return [line]


def _decision_lines(record: RunRecord) -> list[str]:
    """Return what was quarantined, is to review, was released, and what failed at the gate."""
    lines = [
        f"  quarantined: {n} performers, {why}" for why, n in sorted(record.quarantined.items())
    ]
    if record.reviews:
        kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(record.reviews.items()))
        lines.append(f"  to review: {kinds}; see `trainer reviews --run {record.id}`")
    if record.release:
        lines.append(f"  release {record.release} (version {record.version})")
    if record.gate:
        failed = GateResult.model_validate(record.gate).failures()
        lines += [f"  gate: {line}" for line in failed]
    return lines


def _error_lines(record: RunRecord) -> list[str]:
    lines = [f"  {error.sentence}" for error in record.errors[:MOST_ERRORS]]
    if len(record.errors) > MOST_ERRORS:
        lines.append(f"  ... and {len(record.errors) - MOST_ERRORS} more kinds in its run.json")
    return lines
