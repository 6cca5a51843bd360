"""When will the disk be full? A line through what was used on the last days."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta

from trainer.errors import TrainerError
from trainer.staging.atomic import read_json, write_json
from trainer.staging.clock import iso, parse_iso
from trainer.staging.paths import DataDir

_KEPT = 400  # days
_LOOKED_AT = timedelta(days=60)
_LEAST = timedelta(days=6)  # of fewer days nothing is said


def note_disk(data: DataDir, moment: datetime) -> None:
    """Note what is used now; a file that can't be read is begun anew."""
    path = data.root / "metrics" / "disk.json"
    usage = shutil.disk_usage(data.root)
    row = {"at": iso(moment), "used": usage.used, "total": usage.total}
    write_json(path, [*_rows(data), row][-_KEPT:])


def days_until_full(data: DataDir) -> float | None:
    """Return the days until the disk is full at the pace of the last weeks; None where it does not
    fill up, or too little is known."""
    rows = [(parse_iso(row["at"]), float(row["used"]), float(row["total"])) for row in _rows(data)]
    if not rows:
        return None
    last = rows[-1][0]
    near = [row for row in rows if last - row[0] <= _LOOKED_AT]
    if last - near[0][0] < _LEAST:
        return None
    pace = _slope([((at - last).total_seconds() / 86_400, used) for at, used, _ in near])
    return (rows[-1][2] - rows[-1][1]) / pace if pace > 0 else None


def _slope(points: list[tuple[float, float]]) -> float:
    """The least-squares slope, bytes a day."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def _rows(data: DataDir) -> list[dict[str, str]]:
    path = data.root / "metrics" / "disk.json"
    try:
        found = read_json(path) if path.exists() else []
    except TrainerError:
        return []
    return found if isinstance(found, list) else []
