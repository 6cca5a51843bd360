"""`make bench-batches`: what the order of pictures saves in whole builds, and what it costs.

A stash-box of invented people with 1 to 40 pictures each, on loopback; the embedder is a stand-in.
One data directory fetches everything, another what the planner asks for: a first release that comes
early, a second run that goes on, a kill in the middle of it, and the same command again.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import voyager

from tests.bench.invented_embedder import face, image
from tests.e2e.conftest import Trainer
from tests.recorded.box import KEY, Box, person, serve
from trainer.config.settings import REPO_ROOT, Settings
from trainer.pipeline.run import run_step
from trainer.runs.context import RunContext
from trainer.runs.record import list_records
from trainer.staging.atomic import read_json, write_json
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir

UNUSABLE = 0.15
PER_MINUTE = 1200
EARLY_SECONDS = 30  # of the hour that are left when the first run is planned
# What is compared here is more and less of the same; the gate is not what is measured.
GATE = "packs: {demo: {min_rank_1: 0.4, max_rank_1_drop: 0.5, max_false_accept: 1.0}}\n"
EVERYTHING = {"max_faces_per_source": 100, "max_faces_total": 200}
QUIET = {"scene_queries": 0}


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def fill(box: Box, people: int) -> None:
    """Invented people: 1 to 40 pictures each, the mean is 6; scenes by Zipf's law."""
    random = np.random.default_rng(1)
    counts = np.clip(np.exp(random.normal(1.3, 1.0, people)).astype(int), 1, 40)
    for number, count in enumerate(counts.tolist(), 1):
        images = []
        for k in range(count):
            quality = float(np.clip(random.normal(1.0, 0.3), 0.5, 2.0))
            content = image(number, k, quality, bool(random.random() > UNUSABLE))
            path = f"/img/{number}-{k}.jpg"
            box.images[path] = (200, {}, content)
            images.append({"id": path, "url": box.base + path, "width": 400, "height": 600})
        box.people.append(
            person(number, box.base, images=images, scene_count=max(3000 // number, 1), urls=[])
        )


@contextmanager
def trainer_of(box: Box, root: Path, per_minute: int) -> Iterator[tuple[Trainer, dict[str, str]]]:
    """A DATA_DIR, and the environment in which its embedder is the stand-in."""
    (root / "data").mkdir(parents=True)
    program = root / "embedder"
    program.write_text(
        f"#!/bin/sh\nfor job; do :; done\ncd {REPO_ROOT}\n"
        f'exec {sys.executable} -m tests.bench.invented_embedder "$job"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    trainer = Trainer(root / "data", int(box.base.rpartition(":")[2]))
    trainer.override(requests_per_minute=per_minute, page_size=40, max_faces=None)
    (trainer.root / "gate.yaml").write_text(GATE)
    yield (
        trainer,
        {
            "STASHDB_API_KEY": KEY,
            "TRAINER_EMBEDDER_PYTHON": str(program),
            "TRAINER_EMBED_BESIDE": "64",
            "TRAINER_DEVICE": "cpu",
        },
    )


def build(trainer: Trainer, environment: dict[str, str], **conf: Any) -> dict[str, Any]:
    done = trainer.run("build", "--json", "--conf", json.dumps(QUIET | conf), **environment)
    if done.returncode:
        raise SystemExit(f"the build ended with {done.returncode}: {done.stderr[-3000:]}")
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def images(box: Box) -> Counter[str]:
    """Requests by picture since the last call."""
    found = Counter(path for path in box.log if path.startswith("/img/"))
    box.log.clear()
    return found


@dataclass
class Outcome:
    requests: int
    faces: int
    rank_1: float


def outcome(trainer: Trainer, requests: int, people: int) -> Outcome:
    faces, rank_1 = searched(trainer.current, people)
    return Outcome(requests, faces, rank_1)


def searched(release: Path, people: int) -> tuple[int, float]:
    """Faces of a release, and how many of pictures that were never shown it names right."""
    with sqlite3.connect(release / "performers.db") as db:
        rows = db.execute(
            "SELECT p.canonical_name FROM faces f JOIN performers p ON p.id = f.performer_id "
            "ORDER BY f.facenet_index"
        ).fetchall()
    owners = [int(name.rpartition(" ")[2]) for (name,) in rows]
    indexes = [
        voyager.Index.load(str(release / f"face_{slot}.voy")) for slot in ("facenet", "arcface")
    ]
    listed = set(owners)
    asked = [(who, n) for who in range(1, people + 1) if who in listed for n in (1000, 1001, 1002)]
    right = sum(named(indexes, owners, who, n) == who for who, n in asked)
    return len(owners), right / len(asked)


def named(indexes: list[voyager.Index], owners: list[int], who: int, number: int) -> int:
    total: dict[int, float] = {}
    for slot, index in enumerate(indexes, 1):
        vector = face(who, number, 1.0, slot).astype(np.float32)
        ids, distances = index.query(vector, k=min(100, len(index)))
        for one, distance in zip(ids.tolist(), distances.tolist(), strict=True):
            total[one] = total.get(one, 0.5) + 0.5 * (distance - 0.5)
    return owners[min(total, key=lambda n: total[n])]


def fetch_everything(box: Box, root: Path, people: int) -> Outcome:
    with trainer_of(box, root, 12_000) as (trainer, environment):
        build(trainer, environment, **EVERYTHING, first_release_after_hours=None)
        requests = sum(images(box).values())
        build(trainer, environment)  # the same pictures, as many faces as by default
        images(box)
        return outcome(trainer, requests, people)


def fetch_planned(box: Box, root: Path, people: int) -> Outcome:
    with trainer_of(box, root, PER_MINUTE) as (trainer, environment):
        plan_long_ago(trainer, environment)
        conf = json.dumps(QUIET)
        process = trainer.start("build", "--json", "--conf", conf, **environment)
        first = early_release(trainer, process)
        before = Counter(path for path in box.log if path.startswith("/img/"))
        faces, rank_1 = searched(first, people)
        say(
            f"first release {first.name} after {sum(before.values())} requests: {faces} faces, "
            f"rank-1 {rank_1:.1%}, {covered(first):.1%} of the scenes"
        )
        wait(lambda: sum("/img/" in path for path in box.log) > sum(before.values()) + 60, process)
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
        record = build(trainer, environment)
        asked = images(box)
        twice = sum(count - 1 for count in asked.values())
        embed = record["embed"]
        say(
            f"killed in the second run and run again: {twice} of {sum(asked.values())} requests "
            f"for a picture made twice; {embed.get('beside', 0)} of its "
            f"{embed['embedded']} pictures were embedded beside the crawl"
        )
        return outcome(trainer, sum(asked.values()), people)


def plan_long_ago(trainer: Trainer, environment: dict[str, str]) -> None:
    """A run whose hour is nearly over: `trainer build` goes on with it."""
    os.environ.update(trainer.environment(**environment))
    settings = Settings.load()
    run_step("plan", "build_early", settings, params=dict(QUIET))
    run = RunContext.open(settings, "build_early").run
    moment = now() - timedelta(hours=1) + timedelta(seconds=EARLY_SECONDS)
    write_json(run.plan, read_json(run.plan) | {"started_at": iso(moment)})


def early_release(trainer: Trainer, process: subprocess.Popen[str]) -> Path:
    """The first release, when the second run has begun."""
    data = DataDir(trainer.root)
    while process.poll() is None:
        if data.current.exists() and len(list_records(data)) > 1:
            return trainer.current
        time.sleep(0.2)
    raise SystemExit(f"the build ended without a second run: {process.communicate()[1][-2000:]}")


def covered(release: Path) -> float:
    """The share of the scenes whose performers have two faces or more in the release."""
    with sqlite3.connect(release / "performers.db") as db:
        rows = db.execute(
            "SELECT p.canonical_name, count(*) FROM faces f "
            "JOIN performers p ON p.id = f.performer_id GROUP BY p.id"
        ).fetchall()
    scenes = {int(name.rpartition(" ")[2]): count for name, count in rows}
    every = range(1, 10_000)
    whole = sum(max(3000 // n, 1) for n in every if n <= max(scenes))
    return sum(max(3000 // n, 1) for n, count in scenes.items() if count >= 2) / whole


def wait(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    while not condition():
        if process.poll() is not None:
            raise SystemExit("the build ended before it could be killed")
        time.sleep(0.05)


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--people", type=int, default=400)
    people = options.parse_args().people
    with tempfile.TemporaryDirectory(prefix="bench-") as directory, serve() as box:
        fill(box, people)
        say(f"{people} people, {len(box.images)} pictures")
        everything = fetch_everything(box, Path(directory) / "everything", people)
        planned = fetch_planned(box, Path(directory) / "planned", people)
    for what, found in (("everything", everything), ("planned", planned)):
        say(f"{what}: {found.requests} requests, {found.faces} faces, rank-1 {found.rank_1:.2%}")
    lost = everything.rank_1 - planned.rank_1
    say(
        f"requests {planned.requests / everything.requests:.1%}, faces "
        f"{planned.faces / everything.faces:.1%}, rank-1 {100 * lost:+.2f} points lost"
    )
    return 0 if lost <= 0.002 else 1


if __name__ == "__main__":
    raise SystemExit(main())
