"""`trainer runs` and `trainer runs show`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from trainer.cli.builds import build_lines
from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.errors import ConfigError
from trainer.runs.record import RunRecord, list_records, read_record
from trainer.staging.paths import DataDir

runs_app = typer.Typer(help="The builds that were run here.")


@runs_app.callback(invoke_without_command=True)
def runs(
    context: typer.Context, data_dir: DataDirOption = None, as_json: JsonOption = False
) -> None:
    """List runs, newest first."""
    if context.invoked_subcommand is not None:
        return
    rows = run_rows(data_of(data_dir))
    show(rows, as_json, run_lines(rows))


@runs_app.command("show")
def runs_show(
    run: Annotated[str, typer.Argument(help="A run's id, or Airflow's.")],
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Print one run: its steps, sources, what it made and what went wrong."""
    record = run_record(data_of(data_dir), run)
    show(record.model_dump(mode="json"), as_json, record_lines(record))


def run_record(data: DataDir, run: str) -> RunRecord:
    """Raises `ConfigError` where there is no such run, `DamagedFileError` for its record."""
    path = data.run(run).record
    if not path.exists():
        raise ConfigError(f"no run {run!r} in {data.runs}; `trainer runs` lists them")
    return read_record(path)


def record_lines(record: RunRecord) -> list[str]:
    """The run's times and steps, then what a build prints at its end."""
    head, *rest = build_lines(record)
    times = f"  started {record.started_at}, ended {record.completed_at or 'not yet'}"
    steps = [f"{name} {_step(s.status, s.seconds)}" for name, s in record.steps.items()]
    lines = [head, times, *([f"  steps: {', '.join(steps)}"] if steps else []), *rest]
    if record.rejected_because:
        lines.append(f"  rejected: {record.rejected_because}")
    return lines


def _step(status: str, seconds: float | None) -> str:
    taken = "" if seconds is None else f" in {seconds:.0f} s"
    return taken.strip() if status == "done" and taken else f"{status}{taken}"


def run_rows(data: DataDir) -> list[dict[str, Any]]:
    """Runs, newest first; a damaged record is a row with its error."""
    rows = []
    for entry in list_records(data):
        if entry.record is None:
            rows.append({"id": entry.run_id, "status": "damaged", "error": entry.error})
        else:
            rows.append(entry.record.model_dump(mode="json"))
    return rows


def run_lines(rows: list[dict[str, Any]]) -> list[str]:
    """Return one line per run: status, figures and release, or the damage of its record."""
    lines = []
    for row in rows:
        if "error" in row:
            lines.append(f"{row['id']}: damaged: {row['error']}")
            continue
        changes = row["diff_from_previous"] or {}
        lines.append(
            f"{row['id']}: {row['status']}, started {row['started_at']}, "
            f"{row['stats']['performers_processed']} performers read, "
            f"{changes.get('new_performers', 0)} new performers, "
            f"{changes.get('new_faces', 0)} new faces, {row['stats']['errors']} errors, "
            f"release {row['release'] or 'none'}"
        )
    return lines or ["no runs yet; `trainer build` makes the first"]
