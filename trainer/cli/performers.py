"""`trainer performers ...`."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, NamedTuple

import polars as pl
import typer

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.config.sources import load_sources
from trainer.errors import ConfigError
from trainer.faces.absent import ABSENT_FILE, counts, read_absent
from trainer.pipeline.performer_lookup import find_performers
from trainer.pipeline.performer_report import PerformerReport, performer_report
from trainer.runs.record import list_records
from trainer.staging.paths import DataDir
from trainer.state.store import read_identities

performers_app = typer.Typer(no_args_is_help=True, help="Performers, released or not.")


@performers_app.callback()
def performers() -> None:
    """Performers, released or not."""


@performers_app.command("absent")
def performers_absent(
    run: Annotated[
        str | None, typer.Option(help="A run; default: the newest that selected faces.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Only those with this reason.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="How many to list; 0: all.")] = 50,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """List who was resolved and is not in the release, and why: most scenes first."""
    found = absent_rows(data_of(data_dir), run, reason, limit)
    show(found._asdict(), as_json, absent_lines(found))


@performers_app.command("show")
def performers_show(
    who: Annotated[
        str,
        typer.Argument(help="An id, source:id, a universal id, a URL, or part of a name or alias."),
    ],
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print a performer's facts and where each is from, records, faces, and what was refused."""
    reports = performer_reports(data_of(data_dir), who)
    lines = [line for report in reports for line in report_lines(report)]
    show([asdict(report) for report in reports], as_json, lines)


def performer_reports(data: DataDir, who: str) -> list[PerformerReport]:
    """Of everybody whom `who` names; raises `ConfigError` where there is nobody."""
    sources, known = load_sources(data.root), read_identities(data.state_db)
    numbers = find_performers(data, sources, known, who)
    return [performer_report(data, sources, known, number) for number in numbers]


def report_lines(report: PerformerReport) -> list[str]:
    if report.withheld:
        return [f"performer {report.performer_id}: {report.withheld}"]
    return [
        _headline(report),
        *[_fact_line(row) for row in report.facts],
        *[f"  alias: {row['alias']} ({row['source']})" for row in report.aliases],
        *[f"  link: {row['site']} {row['url']} ({row['source']})" for row in report.links],
        *[_record_line(row) for row in report.records],
        *[f"  merged: {row['id']}: {row['evidence']}" for row in report.merged],
        *[f"  {text}" for text in report.decisions],
        *[_face_line(row) for row in report.faces],
        *[f"  refused: {row['source']}, {row['rule']}, {row['url']}" for row in report.refused],
        _history_line(report.history),
    ]


def _headline(report: PerformerReport) -> str:
    state = "" if report.released else ", not in the current release"
    name = report.name or "no name known"
    return f"performer {report.performer_id}: {name} ({report.universal_id or 'no id'}){state}"


def _fact_line(row: dict[str, Any]) -> str:
    others = ", ".join(f"{source}: {value}" for source, value in row["others"].items())
    also = f"; {others}" if others else ""
    return f"  {row['fact']}: {row['value']} ({row['source']}{also})"


def _record_line(row: dict[str, Any]) -> str:
    why = f": {row['evidence']}" if row["evidence"] else ""
    return f"  record: {row['record']} {row['page'] or 'not crawled any more'}{why}"


def _history_line(history: list[dict[str, Any]]) -> str:
    releases = ", ".join(f"{row['release']} ({row['faces']} faces)" for row in history)
    return f"  releases: {releases or 'none'}"


def _face_line(row: dict[str, Any]) -> str:
    quality = "unknown" if row["quality"] is None else f"{row['quality']:.2f}"
    return f"  face: {row['source']}, quality {quality}, {row['rule']}, {row['url']}"


class Absent(NamedTuple):
    """`by_reason` counts all of the run, `performers` are the rows that were asked for."""

    run: str
    by_reason: dict[str, int]
    performers: list[dict[str, Any]]
    matching: int


def absent_rows(data: DataDir, run: str | None, reason: str | None, limit: int) -> Absent:
    """Raises `ConfigError` where there is no such run, or nobody with that reason in any."""
    run_id = _chosen(data, run)
    frame = read_absent(data.run(run_id).select)
    assert frame is not None
    by_reason = counts(frame)
    if reason is not None and reason not in by_reason:
        known = ", ".join(by_reason) or "none"
        raise ConfigError(
            f"nobody is absent from run {run_id} by {reason!r}; choose one of its reasons: {known}"
        )
    matching = frame if reason is None else frame.filter(pl.col("reason") == reason)
    shown = matching.head(limit) if limit else matching
    return Absent(run_id, by_reason, shown.to_dicts(), len(matching))


def _chosen(data: DataDir, run: str | None) -> str:
    known = [
        entry.run_id
        for entry in list_records(data)
        if (data.run(entry.run_id).select / ABSENT_FILE).exists()
    ]
    if run is None and not known:
        raise ConfigError(f"no run in {data.runs} has selected faces yet; run `trainer build`")
    run_id = run or known[0]
    if run_id not in known:
        raise ConfigError(
            f"no run {run_id!r} with a list of absent performers; choose one of: {', '.join(known)}"
        )
    return run_id


def absent_lines(found: Absent) -> list[str]:
    """Return who is not in the release as lines for people: counts by reason, then performers."""
    total = sum(found.by_reason.values())
    lines = [f"run {found.run}: {total:,} performers were resolved and are not in the release"]
    lines += [f"  {count:,} {reason}" for reason, count in found.by_reason.items()]
    for row in found.performers:
        scenes = "unknown" if row["scene_count"] is None else f"{row['scene_count']:,}"
        lines.append(
            f"  {row['performer_id']} {row['name'] or row['universal_id']}: {row['reason']} "
            f"({scenes} scenes, {row['images']:,} images)"
        )
    if len(found.performers) < found.matching:
        more = found.matching - len(found.performers)
        lines.append(f"  and {more:,} more: --limit 0 lists all")
    return lines
