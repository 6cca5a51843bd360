"""One measured piece of `bench_release`, in its own process; prints one JSON line."""

from __future__ import annotations

import json
import logging
import resource
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from trainer.config.settings import Settings
from trainer.log_lines import log_plainly
from trainer.pipeline.run import run_step
from trainer.release import index, sqlite_build, verify, write
from trainer.release.contract import DATABASE
from trainer.release.index import Base, IndexOptions, build_index
from trainer.release.inputs import ReleaseInputs, read_inputs
from trainer.release.sqlite_build import write_database
from trainer.runs.context import RunContext

_SAMPLE = 40_000  # vectors of which a grown index is compared with a rebuilt one
_FEW = 5_000


def settings(root: str) -> Settings:
    return Settings.load(Path(root)).model_copy(update={"model_pack": "bench"})


def selected(root: str, run_id: str) -> Path:
    """What the release of a run was built from, kept beyond its publishing."""
    return Path(root) / "selected" / run_id


def step(root: str, run_id: str, name: str) -> dict[str, Any]:
    lines: list[tuple[float, str]] = []
    began = time.monotonic()

    class Timed(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append((time.monotonic() - began, record.getMessage()))

    log_plainly("stderr")
    logging.getLogger("trainer").addHandler(Timed())
    run_step(name, run_id, settings(root))
    return {
        "wall": time.monotonic() - began,
        "lines": [x for x in lines if ".voy:" in x[1] or ".db:" in x[1]],
    }


def hasty_step(root: str, run_id: str, name: str) -> dict[str, Any]:
    """A step whose indexes hold all vectors, but look for few neighbours of each: their size and
    the memory of all steps are the usual ones, their recall and the time of their build are not."""
    index.EF_CONSTRUCTION, index.WANTED_RECALL = 8, 0.0
    probe = verify._probe

    def lenient(path: Path) -> tuple[dict[str, Any], str]:
        found, problem = probe(path)  # such an index does not find every face of its own
        return found | {"found_self": found.get("asked")}, problem

    verify._probe = lenient
    return step(root, run_id, name)


def again(root: str, run_id: str, out: str) -> dict[str, Any]:
    context = RunContext.open(settings(root), run_id)
    before = (selected(root, run_id) / "faces.parquet").read_bytes()
    for name in ("resolve", "select"):
        run_step(name, run_id, settings(root))
    assert before == (context.run.select / "faces.parquet").read_bytes()
    inputs = read_inputs(context.run.resolve, context.run.select, True)
    Path(out).mkdir()
    write_database(Path(out) / DATABASE, inputs, context.plan.pack_id)
    write._write_mappings(Path(out), inputs)
    return {}


def database(root: str, run_id: str) -> dict[str, Any]:
    """CPU seconds of building performers.db, and of SQLite copying the same rows."""
    context = RunContext.open(settings(root), run_id)
    inputs = _inputs(root, run_id)
    target = Path(root) / "built.db"
    began = time.process_time()
    write_database(target, inputs, context.plan.pack_id)
    build = time.process_time() - began
    began = time.process_time()
    _copy(target, Path(root) / "copied.db")
    return {"build_cpu": build, "copy_cpu": time.process_time() - began}


def _copy(source: Path, target: Path) -> None:
    target.unlink(missing_ok=True)
    with closing(sqlite3.connect(target, isolation_level=None)) as db:
        sqlite_build.fast(db)
        db.executescript((Path(sqlite_build.__file__).parent / "schema.sql").read_text())
        db.execute("ATTACH ? AS src", (str(source),))
        listed = "SELECT name FROM src.sqlite_master WHERE type = 'table'"
        tables = [name for (name,) in db.execute(listed) if not name.startswith("sqlite")]
        db.execute("BEGIN")
        for table in tables:
            db.execute(f"INSERT INTO main.{table} SELECT * FROM src.{table}")  # noqa: S608 - no names but ours
        db.execute("COMMIT")
        db.execute("DETACH src")
        db.executescript((Path(sqlite_build.__file__).parent / "indexes.sql").read_text())


def size(root: str, run_id: str, m: str) -> dict[str, Any]:
    """Bytes of a small index with `m` against one with M=12."""
    vectors = _vectors(root, run_id, _FEW)
    sizes = {}
    for rung in (12, int(m)):
        path = Path(root) / f"m{rung}.voy"
        build_index(path, vectors, IndexOptions(start=rung, budget=0))
        sizes[rung] = path.stat().st_size
    return {"ratio": sizes[int(m)] / sizes[12]}


def grown(root: str, run_id: str, m: str) -> dict[str, Any]:
    """Recall of an index to which the last 10% were added, and of one built whole."""
    vectors = _vectors(root, run_id, _SAMPLE)
    options = IndexOptions(start=int(m), budget=0, sample=2_000)
    count = len(vectors) * 9 // 10
    paths = [Path(root) / f"{name}.voy" for name in ("base", "grown", "rebuilt")]
    build_index(paths[0], vectors[:count], options)
    more = build_index(paths[1], vectors, options, base=Base(paths[0], count))
    whole = build_index(paths[2], vectors, options)
    return {"grown": more.curve[-1].recall_at_1, "rebuilt": whole.curve[-1].recall_at_1}


def _peak_mb() -> float:
    """Of this program; getrusage's figure is the peak of the process that started it, where that
    is higher."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))


def _inputs(root: str, run_id: str) -> ReleaseInputs:
    kept = selected(root, run_id)
    return read_inputs(kept, kept)


def _vectors(root: str, run_id: str, count: int) -> np.ndarray[Any, Any]:
    return _inputs(root, run_id).vectors("facenet", Path(root))[:count]


if __name__ == "__main__":
    known: dict[str, Callable[..., Any]] = {
        "step": step,
        "hasty_step": hasty_step,
        "again": again,
        "database": database,
        "size": size,
        "grown": grown,
    }
    result = known[sys.argv[1]](*sys.argv[2:])
    usage = resource.getrusage(resource.RUSAGE_SELF)
    result |= {"peak_mb": _peak_mb(), "cpu": usage.ru_utime + usage.ru_stime}
    print(json.dumps(result))  # noqa: T201
