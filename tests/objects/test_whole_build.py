"""A build on an object store, every step on a machine that has nothing: as good as a local one."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from demo.world import World
from tests.e2e.conftest import CAPS, Trainer, picture_requests
from tests.embed_job import demo_pack
from tests.objects.conftest import Bucket
from trainer.config.pipeline import STEPS
from trainer.config.settings import REPO_ROOT

RUN = "objects-1"
VOLATILE = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z|\d{4}-\d\d-\d\d|build_[0-9_]+|objects-1")


class Workers(Trainer):
    """Each step in its own process; before each the machine's DATA_DIR is emptied."""

    def __init__(self, root, port: int, bucket: Bucket) -> None:
        root.mkdir()
        super().__init__(root, port, link_models=False)
        self.bucket = bucket

    def environment(self, **other: str) -> dict[str, str]:
        return super().environment(**self.bucket.environment, **other)

    def wipe(self) -> None:
        shutil.rmtree(self.root)
        self.root.mkdir()

    def step(self, name: str, key: str | None = None) -> dict:
        self.wipe()
        script = (
            "import json, sys\n"
            "from trainer.config.settings import Settings\n"
            "from trainer.log_lines import log_plainly\n"
            "from trainer.pipeline.run import run_step\n"
            "log_plainly('stderr')\n"
            "name, run, key, conf = json.loads(sys.argv[1])\n"
            "print(json.dumps(run_step(name, run, Settings.load(), params=conf, key=key)))"
        )
        conf = CAPS if name == "plan" else None
        done = subprocess.run(
            [sys.executable, "-c", script, json.dumps([name, RUN, key, conf])],
            cwd=REPO_ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{name} {key}: {done.stderr[-3000:]}"
        return json.loads(done.stdout.splitlines()[-1])

    def keys(self, step, results: dict) -> list[str | None]:
        over = {"source": "plan", "reference": "plan_references", "shard": "plan_embed"}
        if step.map_over is None:
            return [None]
        return results[over[step.map_over]][f"{step.map_over}s"]

    def all_steps(self) -> dict:
        results: dict = {}
        for step in STEPS:
            for key in self.keys(step, results):
                results[step.name] = self.step(step.name, key)
        return results


def content(release: Path) -> tuple[list[str], bytes, bytes]:
    """What is in a release, but for moments and the names of runs."""
    with closing(sqlite3.connect(release / "performers.db")) as db:
        lines = [VOLATILE.sub("_", line) for line in db.iterdump()]
    return lines, (release / "faces.json").read_bytes(), (release / "performers.json").read_bytes()


@pytest.mark.timeout(3000)
def test_every_step_on_an_empty_machine(tmp_path, bucket, demo_pictures, week_1):
    local, port, _, _ = week_1
    with World(week=1, port=port, pictures=demo_pictures) as world:
        workers = Workers(tmp_path / "data", world.port, bucket)
        models, _ = demo_pack()
        shutil.copytree(models, workers.root / "models" / "demo")
        pushed = workers.run("objects", "push")
        assert pushed.returncode == 0, pushed.stderr
        results = workers.all_steps()
        assert max(picture_requests(world).values()) == 1
    workers.wipe()
    assert workers.run("objects", "pull").returncode == 0
    record = (workers.root / "runs" / RUN / "run.json").read_text()
    assert results["report"]["status"] == "completed", record
    assert not (workers.root / "images").exists()
    assert workers.run("verify").returncode == 0
    assert content(workers.current) == content((local / "releases" / "current").resolve())
    assert "1 files" not in workers.run("objects", "status").stdout
