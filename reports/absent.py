"""Who was resolved and is not in a run's release, for the run's page."""

from __future__ import annotations

from trainer.errors import TrainerError
from trainer.faces.absent import read_absent
from trainer.staging.paths import DataDir

MOST_LISTED = 100  # performers on the page; the command line lists all


def absent(data: DataDir, run_id: str) -> tuple[list[dict[str, object]], list[str]]:
    """A table of those with most scenes; and problems, as sentences."""
    try:
        frame = read_absent(data.run(run_id).select)
    except (TrainerError, OSError, ValueError) as error:
        return [], [str(error)]
    rows = frame.head(MOST_LISTED).to_dicts() if frame is not None else []
    return [
        {
            "Performer": row["performer_id"],
            "Name": row["name"] or row["universal_id"],
            "Reason": row["reason"].replace("_", " "),
            "Scenes": row["scene_count"],
            "Images": row["images"],
        }
        for row in rows
    ], []
