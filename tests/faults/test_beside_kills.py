"""`kill -9` of the embedder beside the crawls, or of the process that starts it: the build goes on,
and `embed` does the rest. For `make faults` only: two whole builds."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest

from demo.world import World
from tests.e2e.conftest import CAPS, Trainer, image_requests
from tests.e2e.test_embed_beside import BESIDE, beside, processes
from tests.waiting import wait_for

pytestmark = [
    pytest.mark.skipif("FAULT_KILLS" not in os.environ, reason="two builds: `make faults`"),
]
VICTIMS = {"the step": "trainer.pipeline.beside_build", "the embedder": "embedder"}


def running(root: Path, module: str) -> list[int]:
    """Processes `python -m MODULE ...` that work in this DATA_DIR."""
    return [pid for pid in processes(root) if module in arguments(pid)]


def arguments(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text().split("\0")
    except OSError:
        return []


@pytest.mark.parametrize("victim", VICTIMS)
def test_the_build_goes_on_and_embeds_the_rest(demo_images, tmp_path, victim):
    root = tmp_path / "data"
    root.mkdir()
    with World(week=1, images=demo_images) as world:
        trainer = Trainer(root, world.port)
        trainer.override(requests_per_minute=150)
        process = trainer.start("build", "--json", "--conf", json.dumps(CAPS), **BESIDE)
        wait_for(lambda: ((found := beside(root)) and found.batches) or process.poll(), 240)
        wait_for(lambda: running(root, VICTIMS[victim]) or process.poll() is not None, 240)
        killed = running(root, VICTIMS[victim])
        asked = sum(image_requests(world).values())
        for pid in killed:
            os.kill(pid, signal.SIGKILL)
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err[-3000:]
        requests = image_requests(world)
    assert killed and asked < len(requests)  # in the middle of the crawl
    record = json.loads(out)
    assert record["status"] == "completed"
    assert set(requests.values()) == {1}
    embed = record["embed"]
    assert embed["already"] + embed["embedded"] == embed["pictures"]
    assert 0 < embed["beside"] < embed["pictures"] - embed["already"]
    print(f"{victim}: killed after {asked} of {len(requests)} pictures, {embed}")  # noqa: T201
    assert not processes(root)
