"""`trainer runs`."""

from __future__ import annotations

from typing import Any

from trainer.cli.common import DataDirOption, JsonOption, data_of, show
from trainer.runs.record import list_records
from trainer.staging.paths import DataDir


def runs(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List runs, newest first."""
    rows = run_rows(data_of(data_dir))
    show(rows, as_json, run_lines(rows))


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
