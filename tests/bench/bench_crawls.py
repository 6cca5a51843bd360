"""`make bench-crawls`: `trainer build` with its sources one after another, and side by side.

The demo world's fifteen sites on loopback, each at the same polite rate; every face is in the face
cache already, so that what is left is waiting. Both builds have to give the same release.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import yaml

from demo import make_images
from demo.world import World
from demo.world.flaresolverr import FlareSolverr
from tests.e2e.conftest import CACHE, CAPS
from tests.e2e.test_all_sources import Fifteen
from tests.embed_job import PACKAGES
from trainer.runs.record import RunRecord
from trainer.staging.paths import DataDir

FAST = 12_000
NOT_COMPARED = {"created_at", "updated_at", "run_id", "merged_at"}  # the build's own moment and id
FILES = ("faces.json", "performers.json", "face_facenet.voy", "face_arcface.voy")


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Polite(Fifteen):
    """All fifteen sources at one rate."""

    rate = FAST

    def override(self, **keys: Any) -> None:
        found = self.world.sources_yaml(
            page_size=10, max_faces=20, retries=0, requests_per_minute=self.rate
        )
        found["indexxx"]["fetcher"] = "plain"
        (self.root / "sources.yaml").write_text(yaml.safe_dump(found))


def built(root: Path, world: World, solver: FlareSolverr, rate: int, most: int) -> RunRecord:
    """The record of a build of an empty DATA_DIR that has nothing but faces."""
    root.mkdir(exist_ok=True)
    trainer = Polite(root, world, solver)
    trainer.rate = rate
    trainer.override()
    conf = json.dumps(CAPS)
    process = trainer.start("build", "--json", "--conf", conf, TRAINER_PARALLEL_CRAWLS=str(most))
    out, errors = process.communicate()
    if process.returncode:
        raise SystemExit(f"the build ended with {process.returncode}: {errors[-3000:]}")
    return RunRecord.model_validate_json(out)


def content(root: Path) -> dict[str, Any]:
    """All that a release says, but for when and by which run it was made."""
    release = (root / "releases" / "current").resolve()
    found: dict[str, Any] = {
        name: (release / name).read_bytes() for name in FILES if (release / name).exists()
    }
    with closing(sqlite3.connect(release / "performers.db")) as db:
        for (table,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            found[table] = list(_rows(db, table))
    return found


def _rows(db: sqlite3.Connection, table: str) -> Iterator[tuple[Any, ...]]:
    columns = [row[1] for row in db.execute(f"PRAGMA table_info({table})")]
    wanted = ", ".join(column for column in columns if column not in NOT_COMPARED)
    yield from db.execute(f"SELECT {wanted} FROM {table} ORDER BY rowid")  # noqa: S608


def seconds(record: RunRecord, step: str) -> list[float]:
    """How long each crawl of a step took."""
    return sorted(s.seconds or 0 for label, s in record.steps.items() if label.startswith(step))


def wall_seconds(root: Path, record: RunRecord) -> float:
    """From the plan's end to the last crawl's, without `plan_references`."""
    steps = DataDir(root).run(record.id).step("plan").parent
    ended = {path.stem: path.stat().st_mtime for path in steps.glob("*.json")}
    planned = ended["plan_references"] - (record.steps["plan_references"].seconds or 0)
    last = max(at for label, at in ended.items() if label.startswith("crawl_references-"))
    return planned - ended["plan"] + last - ended["plan_references"]


def measure(folder: Path, rate: int) -> bool:
    wall, contents = {}, {}
    with FlareSolverr() as solver, World(images=CACHE / "pictures", sites="all") as world:
        built(folder / "first", world, solver, FAST, 4)
        for most in (1, 4, 16):
            root = folder / str(most)
            root.mkdir()
            shutil.copytree(folder / "first" / "faces", root / "faces")
            before = len(world.log)
            record = built(root, world, solver, rate, most)
            crawls = {step: seconds(record, f"{step}-") for step in ("crawl", "crawl_references")}
            wall[most] = wall_seconds(root, record)
            contents[most] = content(root)
            listed = ", ".join(
                f"{step}: {len(each)} sources, {sum(each):.0f} s in all, the longest {each[-1]:.0f}"
                for step, each in crawls.items()
            )
            say(
                f"{most} at a time, {rate} requests a minute each: crawls {wall[most]:.0f} s of "
                f"wall time ({listed}); {len(world.log) - before} requests"
            )
    same = all(found == contents[1] for found in contents.values())
    say(f"4 at a time against one after another: {wall[1] / wall[4]:.1f} times as fast")
    say(f"16 at a time against one after another: {wall[1] / wall[16]:.1f} times as fast")
    say("the releases are the same" if same else f"NOT the same: {differing(contents)}")
    return same


def differing(contents: dict[int, dict[str, Any]]) -> list[str]:
    one = contents[1]
    return [f"{n} {k}" for n, found in contents.items() for k in one if found.get(k) != one[k]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=120, help="requests a minute of each source")
    options = parser.parse_args()
    if not (CACHE / "pictures" / "pictures.json").exists():
        make_images.main(["--packages", str(PACKAGES), "--out", str(CACHE / "pictures")])
    with tempfile.TemporaryDirectory(prefix="bench-crawls-") as folder:
        return 0 if measure(Path(folder), options.rate) else 1


if __name__ == "__main__":
    raise SystemExit(main())
