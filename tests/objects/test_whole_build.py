"""Builds on an object store, every step on a machine that has nothing: as good as local ones."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter, defaultdict
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from demo.world import World
from tests.e2e.conftest import CAPS, Trainer, image_requests
from tests.embed_job import demo_pack
from tests.objects.conftest import Bucket
from trainer.config.pipeline import STEPS, Step
from trainer.config.settings import REPO_ROOT

VOLATILE = re.compile(
    r"\d{4}-\d\d-\d\dT[0-9:.]+Z|\d{4}-\d\d-\d\d|build_[0-9_]+|objects-\d|\d{4}\.\d\d\.\d\d(\.\d+)?"
)


class Workers(Trainer):
    """Each step in its own process; before each the machine's DATA_DIR is emptied."""

    def __init__(self, root: Path, port: int, bucket: Bucket) -> None:
        root.mkdir()
        super().__init__(root, port, link_models=False)
        self.bucket = bucket
        self.brought: dict[str, list[str]] = defaultdict(list)
        self.idle: dict[str, list[str]] = defaultdict(list)

    def environment(self, **other: str) -> dict[str, str]:
        return super().environment(**self.bucket.environment, **other)

    def wipe(self) -> None:
        shutil.rmtree(self.root)
        self.root.mkdir()

    def step(self, name: str, run_id: str, key: str | None = None) -> dict[str, Any]:
        self.wipe()
        given = json.dumps([name, run_id, key, CAPS if name == "plan" else None])
        done = subprocess.run(
            [sys.executable, "-m", "tests.objects.one_step", given],
            cwd=REPO_ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name} {key}: {done.stderr[-3000:]}"
        said = json.loads(done.stdout.splitlines()[-1])
        self.brought[name] += said["brought"]
        self.idle[name] += said["idle"]
        result: dict[str, Any] = said["result"]
        return result

    def all_steps(self, run_id: str) -> dict[str, Any]:
        results: dict[str, Any] = {}
        for step in STEPS:
            for key in _keys(step, results):
                results[step.name] = self.step(step.name, run_id, key)
        return results

    def mirrored(self) -> Path:
        """The current release, brought to an empty machine and verified there."""
        self.wipe()
        for command in (["objects", "pull"], ["verify"]):
            done = self.run(*command)
            assert done.returncode == 0, done.stderr
        assert not (self.root / "images").exists()
        return self.current


def _keys(step: Step, results: dict[str, Any]) -> list[str | None]:
    over = {"source": "plan", "reference": "plan_references", "shard": "plan_embed"}
    if step.map_over is None:
        return [None]
    return list(results[over[step.map_over]][f"{step.map_over}s"])


def content(release: Path) -> tuple[list[str], bytes, bytes]:
    """What is in a release, but for moments and the names of runs."""
    with closing(sqlite3.connect(release / "performers.db")) as db:
        lines = [VOLATILE.sub("_", line) for line in db.iterdump()]
    return lines, (release / "faces.json").read_bytes(), (release / "performers.json").read_bytes()


def folders(paths: list[str]) -> Counter[str]:
    return Counter(path.split("/")[0] for path in paths)


@pytest.mark.timeout(3600)
def test_every_step_on_an_empty_machine(tmp_path, bucket, demo_images, released):
    with World(week=1, port=released.port, images=demo_images) as world:
        workers = Workers(tmp_path / "empty", world.port, bucket)
        models, _ = demo_pack()
        shutil.copytree(models, workers.root / "models" / "demo")
        pushed = workers.run("objects", "push")
        assert pushed.returncode == 0, pushed.stderr
        results = workers.all_steps("objects-1")
        assert max(image_requests(world).values()) == 1
    workers.mirrored()
    said = (workers.root / "runs" / "objects-1" / "run.json").read_text()
    assert results["report"]["status"] == "completed", said
    assert content(workers.current) == content(released.current)
    no_more_comes_than_is_needed(workers, results["plan_embed"]["to_embed"])

    with World(week=2, port=released.port, images=demo_images) as world:
        released.build()
        before = len(world.log)
        workers.all_steps("objects-2")
        again = image_requests(world, before)
        assert sum(again.values()) == 20
        assert content(workers.mirrored()) == content(released.current)
        workers.wipe()
        record = workers.build()  # the whole build in one process, of an empty machine, too
        assert (record["status"], record["embed"]["embedded"]) == ("completed", 0)
        assert content(workers.mirrored()) == content(released.current)
    print({name: folders(paths) for name, paths in workers.idle.items()})  # noqa: T201


def no_more_comes_than_is_needed(workers: Workers, to_embed: int) -> None:
    """Pictures for the embedder alone, the face cache for those that compare faces."""
    came = {name: folders(paths) for name, paths in workers.brought.items()}
    assert {name for name, found in came.items() if found["images"]} == {"embed"}
    assert came["embed"]["images"] == to_embed
    with_faces = {name for name, found in came.items() if found["faces"]}
    assert with_faces <= {"select", "evaluate", "publish"}
    assert not [path for path in workers.idle["embed"] if path.startswith("images/")]
