"""What every step is given: settings, layout and the plan of its run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import SourceConfig, load_sources
from trainer.errors import DamagedFileError, StageFailed
from trainer.reasons import problems
from trainer.staging.atomic import read_json, write_sealed
from trainer.staging.paths import DataDir, RunDir


class Plan(BaseModel):
    """`runs/<run_id>/plan.json`: fixed once, so that a retry does the same work."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    run_id: str
    started_at: str
    version_id: str
    params: BuildParams
    pack_id: str
    further_packs: dict[str, str] = {}  # name -> id
    sources: dict[str, SourceConfig]
    # Those not chosen, as they were then; None in the plan of an older trainer.
    others: dict[str, SourceConfig] | None = None
    base_release: str | None
    first_release: bool = False  # fetching ends after `first_release_after_hours`

    @property
    def creators(self) -> dict[str, SourceConfig]:
        """The chosen sources that list performers."""
        return {key: s for key, s in self.sources.items() if s.creates_performers}

    @property
    def references(self) -> dict[str, SourceConfig]:
        """The chosen sources that only add to performers that exist."""
        return {key: s for key, s in self.sources.items() if not s.creates_performers}


def read_plan(path: Path) -> Plan:
    """Return the plan in `path`; raises `DamagedFileError` naming the file."""
    content = read_json(path)
    try:
        return Plan.model_validate(content)
    except ValidationError as error:
        raise DamagedFileError(
            f"{path}: not a plan of this trainer: {problems(error)}; `trainer repair` sets it aside"
        ) from None


@dataclass(frozen=True)
class RunContext:
    settings: Settings
    data: DataDir
    run: RunDir

    @classmethod
    def open(cls, settings: Settings, run_id: str) -> RunContext:
        """Return the context of a run by our id or by Airflow's."""
        data = DataDir(settings.data_dir)
        return cls(settings, data, data.run(run_id))

    @cached_property
    def plan(self) -> Plan:
        """Read once: a plan never changes. Raises `StageFailed` where there is none yet."""
        if not self.run.plan.exists():
            raise StageFailed(f"run {self.run.run_id} has no plan; run the step `plan` first")
        return read_plan(self.run.plan)

    @property
    def sources(self) -> dict[str, SourceConfig]:
        """All sources as they were when the run was planned: an edit is for the next one."""
        plan = self.plan
        others = load_sources(self.settings.data_dir) if plan.others is None else plan.others
        return dict(sorted((others | plan.sources).items()))

    @property
    def built_release(self) -> Path:
        """This run's release: in the run's directory, or where publishing has moved it."""
        published = self.data.release(self.plan.version_id)
        return published if published.exists() else self.run.release

    @property
    def base_release(self) -> Path | None:
        """The release that was current when the run was planned."""
        name = self.plan.base_release
        return self.data.release(name) if name else None

    def of_run(self, run_id: str) -> RunContext:
        """Another run, for the same model pack."""
        return RunContext.open(self.settings, run_id)

    def finish(self, step: str, result: dict[str, Any]) -> dict[str, Any]:
        """Mark a step as finished with its result; return the result."""
        write_sealed(self.run.step(step), result)
        return result

    def result(self, step: str) -> dict[str, Any] | None:
        """Return what a step left behind; None where it never finished."""
        path: Path = self.run.step(step)
        content = read_json(path) if path.exists() else None
        return content if isinstance(content, dict) else None
