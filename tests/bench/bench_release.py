"""Resolving, selecting, building, verifying and publishing at the size of a real database.

`make bench-release [PEOPLE=110000]`: two weeks of an invented world, each step in a process of its
own. What is printed are ratios of one run: absolute times are this machine's. `--haste` runs the
two weeks only, with indexes of the usual size that are built in less time and find less.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.bench import big_world, release_child
from trainer.config.params import BuildParams
from trainer.config.settings import REPO_ROOT, Settings
from trainer.config.sources import load_sources
from trainer.release.contract import DATABASE, FACENET_INDEX, FACES_JSON, INDEXES, PERFORMERS_JSON
from trainer.release.gate import GATE_YAML
from trainer.release.inputs import FACES_FILE, PERFORMERS_FILE
from trainer.runs import update as run_record
from trainer.runs.context import Plan, RunContext
from trainer.staging.atomic import read_json, sha256_file, write_json
from trainer.staging.paths import DataDir

ROOT = REPO_ROOT / "var" / "bench" / "release"
FOUND = REPO_ROOT / "var" / "bench" / "release.json"
STEPS = ("resolve", "select", "build_release", "verify", "evaluate", "gate", "publish", "report")
SOURCES = ("fansdb", "stashdb", "theporndb")
_PACK_NAME = "bench"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("people", nargs="?", type=int, default=110_000)
    parser.add_argument("--haste", action="store_true", help="two weeks, indexes built in haste")
    arguments = parser.parse_args()
    count, step = arguments.people, "hasty_step" if arguments.haste else "step"
    shutil.rmtree(ROOT, ignore_errors=True)
    pack = _write_pack(DataDir(ROOT))
    # Random vectors are no faces: what the gate would say of them is not what is measured here.
    (ROOT / GATE_YAML).write_text(
        "default: {max_false_accept: 1, max_false_accept_rise: 1, max_false_reject: 1,"
        " max_false_reject_rise: 1, min_rank_1: 0, max_rank_1_drop: 1, min_index_recall: 0}\n"
    )
    found: dict[str, Any] = {"people": count}
    measures: list[tuple[str, Callable[[], Any]]] = [
        ("first week", lambda: _week(0, count, pack, step)),
        ("twice", lambda: _once_more("week-0")),
        ("database", lambda: _child("database", "week-0")),
        ("size", lambda: _child("size", "week-0", str(found["first week"]["m"]))),
        ("second week", lambda: _week(1, count, pack, step)),
        ("grown", lambda: _child("grown", "week-1", str(found["first week"]["m"]))),
        ("figures", lambda: _figures(found)),
    ]
    for name, measure in measures:
        if not arguments.haste or name.endswith("week"):
            found[name] = measure()
            write_json(FOUND, found)  # hours may be lost else
    if not arguments.haste:
        print(json.dumps(found["figures"], indent=2))  # noqa: T201


def _figures(found: dict[str, Any]) -> dict[str, Any]:
    """What the issue asks, beside the wish."""
    one, two = found["first week"], found["second week"]
    rest = sum(one["seconds"][step] for step in ("resolve", "select", "verify"))
    rest += one["seconds"]["build_release"] - sum(one["index_seconds"].values())
    indexes = sum(one["index_seconds"].values())
    return {
        "faces": one["faces"],
        "index build, s": {k: round(v) for k, v in one["index_seconds"].items()},
        "resolve + select + SQLite + JSON + verify, s": round(rest, 1),
        "their share of the index builds (wish: under 0.10)": round(rest / indexes, 3),
        "SQLite CPU against INSERT ... SELECT (wish: under 3)": round(
            found["database"]["build_cpu"] / found["database"]["copy_cpu"], 2
        ),
        "peak memory, MB (wish: under 4000)": max(one["peak_mb"], two["peak_mb"]),
        "recall@1 of each index (wish: 0.99)": one["recall"],
        "M": one["m"],
        "file against M=12 (wish: under 1.15)": round(found["size"]["ratio"], 3),
        "second week against the first (wish: under 0.10)": round(two["total"] / one["total"], 3),
        "the same in CPU seconds, which a busy machine changes less": round(
            two["cpu"] / one["cpu"], 3
        ),
        "second week's indexes": two["made"],
        "grown index's recall@1 less a rebuilt one's (wish: over -0.005)": round(
            found["grown"]["grown"] - found["grown"]["rebuilt"], 4
        ),
        "same bytes twice": found["twice"],
    }


def _week(week: int, count: int, pack: str, kind: str) -> dict[str, Any]:
    """Make the world, run every step by the child's `kind`, return seconds, memory, recall."""
    data = DataDir(ROOT)
    run_id = f"week-{week}"
    crowd = big_world.people(count, week)
    big_world.write_snapshots(data.run(run_id).root, crowd, run_id)
    new = crowd if not week else [p for p in crowd if p.week == week or p.changed]
    big_world.write_cache(data.faces(pack), new, run_id)
    _write_plan(run_id, pack)
    seconds: dict[str, float] = {}
    each: dict[str, dict[str, float]] = {}
    peak = cpu = 0.0
    lines: list[tuple[float, str]] = []
    for step in STEPS:
        if step == "publish":  # it deletes what is measured again below
            _keep_selected(run_id)
        done = _child(kind, run_id, step)
        seconds[step] = done["wall"]
        each[step] = {key: done[key] for key in ("wall", "cpu", "peak_mb")}
        peak, cpu = max(peak, done["peak_mb"]), cpu + done["cpu"]
        lines += done["lines"] if step == "build_release" else []
        print(_line(run_id, step, done), flush=True)  # noqa: T201
    built = read_json(data.run(run_id).step("build_release"))
    if not read_json(data.run(run_id).step("publish"))["published"]:
        raise SystemExit(f"{run_id} was not published: {read_json(data.run(run_id).step('gate'))}")
    times = {line.split()[1].rstrip(":"): at for at, line in lines}
    order = [DATABASE, *INDEXES]
    return {
        "run": run_id,
        "faces": built["faces"],
        "seconds": seconds,
        "steps": each,
        "total": sum(seconds.values()),
        "cpu": cpu,
        "peak_mb": peak,
        "index_seconds": {n: times[n] - times[order[order.index(n) - 1]] for n in INDEXES},
        "recall": {n: built["indexes"][n]["curve"][-1]["recall_at_1"] for n in INDEXES},
        "m": built["indexes"][FACENET_INDEX]["m"],
        "made": {n: _made(built["indexes"][n]) for n in INDEXES},
    }


def _line(run_id: str, step: str, done: dict[str, Any]) -> str:
    wall, cpu, peak = done["wall"], done["cpu"], done["peak_mb"]
    return f"{run_id} {step}: {wall:.1f} s, {cpu:.1f} s of CPU, {peak:.0f} MB"


def _keep_selected(run_id: str) -> None:
    target = release_child.selected(str(ROOT), run_id)
    target.mkdir(parents=True)
    run = DataDir(ROOT).run(run_id)
    for path in (run.select / FACES_FILE, run.resolve / PERFORMERS_FILE):
        (target / path.name).hardlink_to(path)


def _made(index: dict[str, Any]) -> str:
    return f"{index['made']}, {index['replaced']} replaced"


def _once_more(run_id: str) -> bool:
    """Resolve and select again, write the database and JSON again: are the bytes the same?"""
    release = DataDir(ROOT).current.resolve()
    again = ROOT / "again"
    _child("again", run_id, str(again))
    names = (DATABASE, FACES_JSON, PERFORMERS_JSON)
    return all(sha256_file(release / name) == sha256_file(again / name) for name in names)


def _child(what: str, *arguments: str) -> dict[str, Any]:
    argv = [sys.executable, "-m", "tests.bench.release_child", what, str(ROOT), *arguments]
    done = subprocess.run(argv, cwd=REPO_ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _write_plan(run_id: str, pack: str) -> None:
    data = DataDir(ROOT)
    settings = Settings.load(ROOT).model_copy(update={"model_pack": _PACK_NAME})
    context = RunContext.open(settings, run_id)
    known = load_sources(ROOT)
    week = int(run_id[-1])
    plan = Plan(
        run_id=run_id,
        started_at=f"2026-11-{8 + 7 * week:02d}T00:00:00Z",
        version_id=f"202611{8 + 7 * week:02d}_000000",
        params=BuildParams(),
        pack_id=pack,
        sources={key: known[key] for key in SOURCES},
        base_release=data.current.readlink().name if data.current.is_symlink() else None,
    )
    write_json(context.run.plan, plan.model_dump(mode="json"))
    run_record.start(context, plan)


def _write_pack(data: DataDir) -> str:
    """The demo pack's description under its own name: nothing is embedded here."""
    source = REPO_ROOT / "var" / "bench" / "pack"
    if not (source / "pack.json").exists():
        python = REPO_ROOT / ".venv-embedder" / "bin" / "python"
        packages = REPO_ROOT / "var" / "packages"
        argv: list[str | Path] = [python, "-m", "embedder.packs", "make", "demo"]
        subprocess.run([*argv, "--packages", packages, "--out", source], cwd=REPO_ROOT, check=True)
    target: Path = data.model_pack(_PACK_NAME)
    target.mkdir(parents=True)
    shutil.copy(source / "pack.json", target)
    return str(read_json(target / "pack.json")["pack_id"])


if __name__ == "__main__":
    main()
