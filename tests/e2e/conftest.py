"""A whole build over the demo world, made once and copied by the tests that go on from it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo import make_images
from demo.stage import Stage
from demo.world import DEMO_KEY, World
from tests.embed_job import PACKAGES, demo_pack, embedder_python
from trainer.config.settings import REPO_ROOT

CACHE = REPO_ROOT / "var" / "test-cache"
CAPS = {"max_faces_per_source": 20, "max_faces_total": 20}


class Trainer:
    """`trainer ...` as a user runs it, over one DATA_DIR and one world's address."""

    def __init__(self, root: Path, port: int, link_models: bool = True) -> None:
        self.root = root
        self.port = port
        models, self.pack_id = demo_pack()
        if link_models and not (root / "models" / "demo").exists():
            (root / "models").mkdir(parents=True, exist_ok=True)
            (root / "models" / "demo").symlink_to(models)
        self.override()

    def override(self, **keys: Any) -> None:
        source = {
            "base_url": f"http://127.0.0.1:{self.port}/graphql",
            "requests_per_minute": 12_000,
            "page_size": 10,
            "max_faces": 20,
            "retries": 1,
        }
        text = yaml.safe_dump({"stashdb": source | keys})
        (self.root / "sources.yaml").write_text(text)

    def environment(self, **other: str) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("TRAINER_", "AIRFLOW"))}
        return {
            **kept,
            "DATA_DIR": str(self.root),
            "STASHDB_API_KEY": DEMO_KEY,
            "TRAINER_ALLOW_PRIVATE_HOSTS": "1",
            "TRAINER_MODEL_PACK": "demo",
            "TRAINER_ALLOW_DEMO_PACK": "1",  # sources without a key are skipped, and public
            "TRAINER_EMBEDDER_PYTHON": str(embedder_python()),
            **other,
        }

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "trainer", *arguments],
            cwd=REPO_ROOT,
            env=self.environment(**environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=280)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def build(self, expect: int = 0, **conf: Any) -> dict[str, Any]:
        """A build's record; fails the test where the exit code is another."""
        done = self.run("build", "--json", "--conf", json.dumps(CAPS | conf))
        assert done.returncode == expect, done.stderr[-3000:]
        return json.loads(done.stdout) if done.stdout else {}

    @property
    def current(self) -> Path:
        return (self.root / "releases" / "current").resolve()

    def bytes_of_release(self) -> dict[str, bytes]:
        names = ("performers.db", "faces.json", "performers.json")
        return {name: (self.current / name).read_bytes() for name in names}


def image_requests(world: World, start: int = 0) -> Counter[str]:
    """How often each picture was asked for, from request number `start` on."""
    return Counter(r.path for r in world.log[start:] if r.path.startswith("/images/"))


@pytest.fixture(scope="session")
def demo_images() -> Path:
    out = CACHE / "pictures"
    if not (PACKAGES / "openpeople").is_dir():
        pytest.skip(f"the demo packages are not in {PACKAGES}: run `make setup`")
    if not (out / "pictures.json").exists():
        assert make_images.main(["--packages", str(PACKAGES), "--out", str(out)]) == 0
    return out


def stage_with_faces(root: Path, images: Path, faces: Path) -> Stage:
    """A demo's stage whose images, models and face cache are there already."""
    stage = Stage(root)
    models, _ = demo_pack()
    links = {stage.data.model_pack("demo"): models, stage.images: images}
    for path, target in {**links, stage.data.root / "faces": faces}.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(target)
    return stage


@pytest.fixture(scope="session")
def week_1(demo_images, tmp_path_factory) -> tuple[Path, int, dict[str, Any], list[Any]]:
    """DATA_DIR after the first week, the world's port, the run's record, what was asked.

    It starts with nothing but `sources.yaml`: the build makes the model pack itself.
    """
    root = tmp_path_factory.mktemp("week1") / "data"
    root.mkdir()
    with World(week=1, images=demo_images) as world:
        record = Trainer(root, world.port, link_models=False).build()
        return root, world.port, record, list(world.log)


@pytest.fixture
def released(week_1, tmp_path) -> Iterator[Trainer]:
    """A copy of the first week's DATA_DIR to go on from."""
    root, port, _, _ = week_1
    shutil.copytree(root, tmp_path / "data", symlinks=True, ignore=lambda *_: ["models"])
    yield Trainer(tmp_path / "data", port)
