"""`trainer build` crawls its sources side by side, and Ctrl-C ends all of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from demo.world import World
from demo.world.cast import BOXES
from tests.e2e.conftest import Trainer
from tests.e2e.test_embed_beside import processes
from tests.waiting import wait_for
from trainer.runs.record import list_records
from trainer.staging.paths import DataDir

pytestmark = pytest.mark.e2e


class Boxes(Trainer):
    """All stash-boxes of a world, so slow that no crawl comes to its end."""

    def __init__(self, root: Path, world: World) -> None:
        self.world = world
        super().__init__(root, world.port)

    def override(self, **keys: Any) -> None:
        found = self.world.sources_yaml(requests_per_minute=1)
        (self.root / "sources.yaml").write_text(yaml.safe_dump(found))

    def environment(self, **other: str) -> dict[str, str]:
        return super().environment(**self.world.environment(), **other)


def crawled(root: Path) -> set[str]:
    """Sources whose Scrapy process works in this DATA_DIR."""
    found = set()
    for pid in processes(root):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        except OSError:
            continue
        if "crawl" in words:
            found.add(words[words.index("crawl") + 1])
    return found


def test_all_work_at_a_time_and_one_ctrl_c_ends_them(tmp_path):
    root = tmp_path / "data"
    root.mkdir()
    with World(week=1, sites=BOXES) as world:
        process = Boxes(root, world).start("build", TRAINER_PARALLEL_CRAWLS=str(len(BOXES)))
        wait_for(lambda: crawled(root) == set(BOXES) or process.poll() is not None, 240)
        wait_for(lambda: {r.site for r in world.log} == set(BOXES), 120)
        assert process.poll() is None, process.communicate()[1][-3000:]
        os.kill(process.pid, signal.SIGINT)
        process.communicate(timeout=120)
        wait_for(lambda: not processes(root), 60)
    assert process.returncode != 0
    (entry,) = list_records(DataDir(root))
    run = DataDir(root).run(entry.run_id)
    assert not list(run.root.glob("steps/crawl-*.json"))  # none counts as done
