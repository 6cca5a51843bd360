"""Weeks of an invented world without crawls: snapshots and a face cache are written as crawls and
the embedder leave them, and the steps from `resolve` on are the real ones. No pictures."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.bench import big_world
from tests.bench.big_world import Person
from tests.embed_job import demo_pack
from trainer.config.params import BuildParams
from trainer.config.settings import REPO_ROOT, Settings
from trainer.config.sources import load_sources
from trainer.release.gate import GATE_YAML
from trainer.runs import update as run_record
from trainer.runs.context import Plan, RunContext
from trainer.staging.atomic import write_sealed
from trainer.staging.clock import iso, version_id
from trainer.staging.parquet import write_rows
from trainer.staging.paths import DataDir
from trainer.staging.schemas import IMAGES

STEPS = ("resolve", "select", "build_release", "verify", "evaluate", "gate", "publish", "report")
SOURCES = ("fansdb", "stashdb", "theporndb")
PACK = "bench"
FIRST = datetime(2024, 1, 7, tzinfo=UTC)  # a hundred weeks on is still in the past
# Random vectors are no faces: what the gate says of them is not what is tested here.
_GATE = (
    "default: {max_false_accept: 1, max_false_accept_rise: 1, max_false_reject: 1,"
    " max_false_reject_rise: 1, min_rank_1: 0, max_rank_1_drop: 1, min_index_recall: 0,"
    " max_removed_share: 1}\n"
)


class StepWorld:
    """A DATA_DIR, and the people whom the sources list in the week at hand."""

    def __init__(self, root: Path, count: int = 40) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.data = DataDir(root)
        self.people = big_world.people(count, 0)
        self.next = count
        self.newest = 0  # numbers from here on are new in the week at hand
        models, self.pack_id = demo_pack()
        self.data.model_pack(PACK).mkdir(parents=True, exist_ok=True)
        shutil.copy(models / "pack.json", self.data.model_pack(PACK))
        (root / GATE_YAML).write_text(_GATE)

    def settings(self, **changes: Any) -> Settings:
        return settings(self.data.root).model_copy(update=changes)

    def churn(self, share: float = 0.01) -> None:
        """So many leave, the longest known first, and as many come, with faces like theirs."""
        gone = max(1, round(len(self.people) * share))
        leaving = self.people[:gone]
        coming = [
            replace(person, number=self.next + place, week=1)
            for place, person in enumerate(leaving)
        ]
        self.next += gone
        self.people = [*self.people[gone:], *coming]

    def week(self, number: int) -> RunContext:
        """Write what a week's crawls and embedding leave; returns the planned run."""
        run_id = f"week-{number:03d}"
        context = RunContext.open(self.settings(), run_id)
        big_world.write_snapshots(context.run.root, self.people, run_id)
        new = [person for person in self.people if person.number >= self.newest]
        self.newest = self.next
        if new:
            big_world.write_cache(self.data.faces(self.pack_id), new, run_id)
        moment = FIRST + timedelta(days=7 * number)
        self._stage_images(context, new, iso(moment))
        known = load_sources(self.data.root)
        current = self.data.current
        plan = Plan(
            run_id=run_id,
            started_at=iso(moment),
            version_id=version_id(moment),
            params=BuildParams(),
            pack_id=self.pack_id,
            sources={key: known[key] for key in SOURCES},
            base_release=current.readlink().name if current.is_symlink() else None,
        )
        write_sealed(context.run.plan, plan.model_dump(mode="json"))
        run_record.start(context, plan)
        return context

    def _stage_images(self, context: RunContext, new: list[Person], moment: str) -> None:
        blank = dict.fromkeys(IMAGES.names) | {"source": "stashdb", "status": "fetched"}
        rows = [
            blank
            | {"url": big_world._url(person.number, shot), "fetched_at": moment}
            | {"sha256": big_world._sha(big_world._url(person.number, shot))}
            | {"run_id": context.run.run_id}
            for person in new
            for shot in big_world.shots(person)
        ]
        write_rows(context.run.staging("stashdb") / "images-000000.parquet", rows, IMAGES)

    def start(self, run_id: str, **popen: Any) -> subprocess.Popen[str]:
        """The steps in a process of their own, from the first that is not done."""
        return subprocess.Popen(
            [sys.executable, "-m", "tests.faults.step_world", str(self.data.root), run_id],
            cwd=REPO_ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            **popen,
        )

    def finish(self, run_id: str, **popen: Any) -> tuple[int, str]:
        """Exit status and output of all steps."""
        process = self.start(run_id, **popen)
        output, _ = process.communicate(timeout=1_500)  # on a disk of seconds a flush, too
        return process.returncode, output


def settings(root: Path) -> Settings:
    return Settings.load(root).model_copy(update={"model_pack": PACK, "keep_releases": 3})


def run_steps(root: Path, run_id: str) -> None:
    """What `trainer build` does from `resolve` on: steps that are done are not done again."""
    from trainer.pipeline.run import mark_failed, run_step
    from trainer.reasons import failure

    given = settings(root)
    context = RunContext.open(given, run_id)
    for step in STEPS:
        if context.result(step) is not None:
            continue
        print(f"step {step}", flush=True)  # noqa: T201
        try:
            run_step(step, run_id, given)
        except Exception as error:
            mark_failed(run_id, given, step, failure(error))
            raise


def main() -> None:
    """As the command line: what people can mend is a sentence, anything else a traceback."""
    import trainer.cli as command_line

    def run() -> None:
        run_steps(Path(sys.argv[1]), sys.argv[2])

    command_line.app = run  # type: ignore[assignment]
    command_line.main()


if __name__ == "__main__":
    main()
