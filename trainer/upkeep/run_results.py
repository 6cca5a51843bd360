"""What the steps of a run wrote for the steps after them, and who writes it again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from trainer.release.files import hash_problems
from trainer.staging.paths import RunDir

_WRITTEN_BY = {
    "targets": "plan_references",
    "embed": "plan_embed",
    "resolve": "resolve",
    "select": "select",
}
_READ = (".parquet", ".json")
_FOR_PEOPLE = "progress.json"


class Result(NamedTuple):
    """A file, and the mark of the step that writes it: without it that step begins anew."""

    path: Path
    mark: Path


def results(run: RunDir) -> Iterator[Result]:
    """Yield what a run goes on from, beside its crawls, its snapshots and its release."""
    elsewhere = {run.nearest_faces, run.similar_performers}
    for directory, step in _WRITTEN_BY.items():
        for path in sorted((run.root / directory).rglob("*")):
            is_read = path.suffix in _READ and path.name != _FOR_PEOPLE
            if is_read and not path.name.startswith(".") and path not in elsewhere:
                yield Result(path, run.step(step))


def release_problem(run: RunDir) -> str | None:
    """Return what is wrong with a release that was built and waits to be published."""
    mark = run.step("build_release")
    problems = hash_problems(run.release) if mark.exists() and run.release.is_dir() else []
    return f"{run.release}: {', '.join(problems)}" if problems else None
