"""What goes on now, and what waits for a person."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from reports.queries.runs import RunSummary
from trainer.reasons import reason
from trainer.runs.activity import QUIET, last_activity, progress_files
from trainer.staging.paths import DataDir, RunDir


class Figures(BaseModel):
    """How far a stage is; `total` may still grow."""

    model_config = ConfigDict(extra="ignore")

    unit: str = "done"
    done: int = Field(ge=0)
    total: int = Field(ge=0)
    rate_per_second: float | None = None
    seconds_left: float | None = None

    @property
    def share(self) -> float:
        return min(self.done / self.total, 1.0) if self.total else 0.0


class Running(NamedTuple):
    """The newest run that goes on: its stages that are not done, and when it last wrote."""

    run: RunSummary
    stages: dict[str, Figures]
    problems: list[str]
    last_sign: datetime | None

    def is_quiet(self, now: datetime) -> bool:
        return self.last_sign is not None and now - self.last_sign > QUIET


class Waiting(NamedTuple):
    candidates: list[RunSummary]
    reviews: dict[str, int]  # kind -> items, of the newest run that looked


def running(data: DataDir, runs: list[RunSummary]) -> Running | None:
    run = next((r for r in runs if r.status == "running"), None)
    if run is None:
        return None
    place = data.run(run.run_id)
    stages, problems = progress(place)
    open_stages = {k: f for k, f in stages.items() if f.done < f.total or not f.total}
    return Running(run, open_stages, problems, last_activity(place))


def waiting(runs: list[RunSummary]) -> Waiting:
    looked = next((r.reviews for r in runs if r.status != "running"), {})
    return Waiting([r for r in runs if r.status == "needs_approval"], looked)


def progress(run: RunDir) -> tuple[dict[str, Figures], list[str]]:
    """Stage (its directory in the run) -> figures, for stages that report any; and problems."""
    found: dict[str, Figures] = {}
    problems: list[str] = []
    for path in progress_files(run):
        try:
            figures = Figures.model_validate_json(path.read_bytes())
        except ValidationError as error:
            where = ", ".join(".".join(map(str, e["loc"])) or "content" for e in error.errors()[:3])
            problems.append(f"{path}: damaged or of another format ({where})")
        except OSError as error:
            problems.append(f"{path}: damaged ({reason(error)})")
        else:
            found[path.parent.relative_to(run.root).as_posix()] = figures
    return found, problems
