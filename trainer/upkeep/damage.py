"""Which files of a DATA_DIR are damaged, and what can be done about each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from trainer.adults.quarantine import OWNERS_FILE
from trainer.errors import DamagedFileError, TrainerError
from trainer.reasons import reason
from trainer.runs.record import read_record
from trainer.staging.atomic import read_json
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import parts, read_table
from trainer.staging.paths import DataDir, RunDir
from trainer.state.seal import changed_tables
from trainer.state.store import published_run_ids, read_snapshots, reading
from trainer.upkeep.run_results import release_problem, results

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Damage:
    """A damaged file or directory; `anew` says how it is made anew once it is set aside, and is
    None where it can't be: then `advice` says what to do. `also`: what goes with it."""

    path: Path
    problem: str
    anew: str | None = None
    advice: str | None = None
    also: tuple[Path, ...] = ()

    def line(self) -> str:
        """For people."""
        return f"{self.problem}: {self.anew or self.advice}"


def find_damage(data: DataDir, pack_id: str | None = None) -> list[Damage]:
    """Return all damage, in the order of the parts; `pack_id` limits the face caches to one."""
    return [
        *_state(data),
        *_plans_and_records(data),
        *_snapshots(data),
        *_unfinished(data),
        *_memories(data),
        *_face_cache(data, pack_id),
    ]


def _problem(read: Callable[[Path], object], path: Path) -> str | None:
    """What is wrong, without the advice of whoever found it: what to do is said here."""
    try:
        read(path)
    except (TrainerError, OSError, ValueError) as error:
        return reason(error).partition(";")[0]
    return None


def _state(data: DataDir) -> Iterator[Damage]:
    problem = _problem(check_state, data.state_db)
    if problem:
        yield Damage(data.state_db, problem, advice=_STATE_ADVICE)


_STATE_ADVICE = (
    "`trainer restore`, or `trainer state rebuild`; where you changed it yourself, `trainer state "
    "accept`"
)


def check_state(path: Path) -> None:
    """Raise `DamagedFileError` where SQLite finds the database malformed, or where rows are not
    those that were written."""
    with reading(path) as db:
        found = "ok" if db is None else db.execute("PRAGMA integrity_check(1)").fetchone()[0]
        changed = changed_tables(db) if db is not None and found == "ok" else []
    if found != "ok":
        raise DamagedFileError(f"{path}: {found}; restore it from your backup")
    if changed:
        raise DamagedFileError(
            f"{path}: {', '.join(changed)} changed since they were written; restore it from your "
            "backup, or, where you changed them yourself, `trainer state accept`"
        )


def _plans_and_records(data: DataDir) -> Iterator[Damage]:
    for root in sorted(data.runs.glob("*/")):
        run = RunDir(root)
        read: Callable[[Path], object]
        for path, read, anew in (
            (run.plan, read_json, "set aside; where this run was not finished, begin another"),
            (run.record, read_record, "set aside; the run is not listed any more"),
            *((path, read_json, "set aside; the step is done again") for path in _marks(run)),
        ):
            problem = _problem(read, path) if path.exists() else None
            if problem:
                yield Damage(path, problem, anew=anew)


def _marks(run: RunDir) -> list[Path]:
    return sorted((run.root / "steps").glob("*.json"))


def _snapshots(data: DataDir) -> Iterator[Damage]:
    with suppress(TrainerError):  # a damaged state.db is said above
        for source, row in read_snapshots(data.state_db).items():
            directory = data.run(row.run_id).snapshot(source)
            problem = _table_problem(directory.glob("*.parquet"))
            if problem:
                yield Damage(
                    directory, problem, anew=f"set aside; the next crawl reads {source} whole"
                )


def _unfinished(data: DataDir) -> Iterator[Damage]:
    """Of runs whose result is not published: later crawls read what they fetched."""
    published: set[str] = set()
    with suppress(TrainerError):
        published = published_run_ids(data.state_db)
    for root in sorted(p for p in data.runs.glob("*/") if p.name not in published):
        yield from _staging(RunDir(root))
        yield from _folded(RunDir(root))
        yield from _results(RunDir(root))


def _staging(run: RunDir) -> Iterator[Damage]:
    for directory in sorted((run.root / "staging").glob("*/")):
        problem = _table_problem(parts(directory, "")) or _problem(StageManifest.read, directory)
        if problem:
            marks = tuple(run.step(f"{step}-{directory.name}") for step in _CRAWLS)
            yield Damage(
                directory, problem, anew="set aside; this source is crawled again", also=marks
            )


def _folded(run: RunDir) -> Iterator[Damage]:
    for directory in sorted((run.root / "snapshot").glob("*/")):
        problem = _table_problem(directory.glob("*.parquet"))
        if problem:
            marks = tuple(run.step(step) for step in _FOLDS)
            yield Damage(directory, problem, anew="set aside; it is folded again", also=marks)


def _results(run: RunDir) -> Iterator[Damage]:
    for path, mark in results(run):
        read = read_table if path.suffix == ".parquet" else read_json
        problem = _problem(read, path)
        if problem:
            anew = f"set aside; {mark.stem} is done again"
            yield Damage(path, problem, anew=anew, also=(mark,))
    problem = release_problem(run)
    if problem:
        mark = run.step("build_release")
        yield Damage(run.release, problem, anew="set aside; it is built again", also=(mark,))


_FOLDS = ("plan_references", "plan_embed")
_CRAWLS = ("crawl", "crawl_references")


def _memories(data: DataDir) -> Iterator[Damage]:
    """What the next build goes by, and can do without."""
    for root in sorted(data.runs.glob("*/")):
        run = RunDir(root)
        for path, anew in (
            (run.nearest_faces, "set aside; all faces are compared again"),
            (run.similar_performers, "set aside; all faces are compared again"),
            (run.resolve / OWNERS_FILE, "set aside; the next crawl asks for more pictures"),
        ):
            problem = _table_problem([path]) if path.exists() else None
            if problem:
                yield Damage(path, problem, anew=anew)


def _face_cache(data: DataDir, pack_id: str | None) -> Iterator[Damage]:
    caches = [data.faces(pack_id)] if pack_id else sorted((data.root / "faces").glob("*/"))
    for cache in caches:
        for path in parts(cache, "part-"):
            problem = _table_problem([path])
            if problem:
                yield Damage(
                    path, problem, anew="set aside; its pictures are embedded again, and fetched "
                    "again where they are not kept"
                )  # fmt: skip


def _table_problem(paths: Iterable[Path]) -> str | None:
    """Every byte is read, with page checksums."""
    found = (_problem(read_table, path) for path in sorted(paths))
    return next((problem for problem in found if problem), None)
