"""What `trainer runs|versions|verify|diff` say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from trainer.errors import ConfigError
from trainer.release.publish import versions
from trainer.release.verify import VerifyReport
from trainer.runs.record import list_records
from trainer.staging.paths import DataDir
from trainer.state.decisions import read_decisions


def release_dir(data: DataDir, name: str) -> Path:
    """The directory of release `name`; raises `ConfigError` that lists what there is."""
    directory = data.current.resolve() if name == "current" else data.release(name)
    if name in ("", ".", "..") or "/" in name or not directory.is_dir():
        known = [info.version_id for info in versions(data)]
        raise ConfigError(
            f"no release {name!r} in {data.releases}; `trainer versions` lists what is there: "
            f"{known or 'none'}"
        )
    return directory


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


def version_rows(data: DataDir) -> list[dict[str, Any]]:
    pinned = {row[0] for row in read_decisions(data, "SELECT version_id FROM pins")}
    rows = [info.model_dump(mode="json") for info in versions(data)]
    return [row | {"pinned": row["version_id"] in pinned} for row in rows]


def version_lines(rows: list[dict[str, Any]]) -> list[str]:
    lines = []
    for row in rows:
        mark = (", pinned" if row["pinned"] else "") + ("  <- current" if row["current"] else "")
        state = f"damaged: {'; '.join(row['problems'])}" if row["damaged"] else "whole"
        lines.append(
            f"{row['version_id']}: version {row['version']}, {row['performers']} performers, "
            f"{row['faces']} faces, {row['bytes'] / 1e6:.1f} MB, {state}{mark}"
        )
    return lines or ["no releases yet; `trainer build` makes the first"]


def check_lines(report: VerifyReport) -> list[str]:
    held = sum(check.ok for check in report.checks)
    return [*report.failures(), f"{held} of {len(report.checks)} checks hold"]
