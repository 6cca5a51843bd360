"""A run as one of its further model packs sees it: the same records, faces of its own.

Below `runs/<run_id>/packs/<pack>/` lies what a build for this pack alone would have in the run's
directory, and its release lies in that of the run, so that both are published, kept and deleted
together.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from trainer.runs.context import Plan, RunContext, read_plan
from trainer.staging.paths import PACKS, RunDir

PER_PACK = ("select", "build_release", "verify", "evaluate", "gate")


@dataclass(frozen=True)
class PackRun(RunDir):
    """Where a further pack's part of a run lies."""

    pack: str

    @property
    def own(self) -> Path:
        """The directory of what is of this pack alone."""
        return self.root / PACKS / self.pack

    @property
    def select(self) -> Path:
        return self.own / "select"

    @property
    def release(self) -> Path:
        return super().release / PACKS / self.pack

    def step(self, name: str) -> Path:
        return self.own / "steps" / f"{name}.json" if name in PER_PACK else super().step(name)

    def working(self, step: str) -> Path:
        return self.own / "working" / step


@dataclass(frozen=True)
class PackContext(RunContext):
    """What a step is given that works for a further pack."""

    pack: str

    @cached_property
    def plan(self) -> Plan:
        found = read_plan(self.run.plan)
        own = {"pack_id": found.further_packs[self.pack], "further_packs": {}}
        return found.model_copy(update=own)

    @property
    def built_release(self) -> Path:
        published = self.data.release(self.plan.version_id) / PACKS / self.pack
        return published if published.exists() else self.run.release

    @property
    def base_release(self) -> Path | None:
        name = self.plan.base_release
        found = self.data.release(name) / PACKS / self.pack if name else None
        return found if found and found.is_dir() else None

    def of_run(self, run_id: str) -> RunContext:
        return for_pack(super().of_run(run_id), self.pack)


def for_pack(context: RunContext, pack: str) -> PackContext:
    """The run's context as the further pack of that name sees it."""
    settings = context.settings.model_copy(update={"model_pack": pack, "model_packs": ""})
    return PackContext(settings, context.data, PackRun(context.run.root, pack), pack)


def further_contexts(context: RunContext) -> Iterator[PackContext]:
    """One for each further pack of the run, in their order."""
    if not isinstance(context, PackContext):
        for pack in context.plan.further_packs:
            yield for_pack(context, pack)
