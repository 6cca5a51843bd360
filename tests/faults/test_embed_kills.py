"""`kill -9` of the embedder at random moments, then the same job again.

EMBED_KILLS sets how many times it is killed (`make faults` kills many more).
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.embed_job import Bench, embedder_python, portraits
from trainer.config.settings import REPO_ROOT

KILLS = int(os.environ.get("EMBED_KILLS", "4"))
PART = 8  # pictures per part: what a kill may cost
pytestmark = pytest.mark.timeout(120 + 30 * KILLS)


def start(job: Path, log: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [embedder_python(), "-m", "tests.faults.logged_embedder", log, job],
        cwd=REPO_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def kill_somewhere(job: Path, log: Path, moments: random.Random) -> bool:
    """Kill it when it has embedded some more faces and a little later; False where it was done."""
    process = start(job, log)
    before = log.stat().st_size if log.exists() else 0
    wanted = before + 67 * moments.randint(0, 2 * PART)
    while process.poll() is None and (log.stat().st_size if log.exists() else 0) < wanted:
        time.sleep(0.01)
    try:
        process.wait(moments.uniform(0, 0.7))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    return False


def filled(bench: Bench, images: int) -> None:
    """Pictures with one face or more each, none twice."""
    people = list(portraits(("studio_portrait", "amateur_selfie"), 300).items())
    for number in range(images):
        name, image = people[number % len(people)]
        width, height = image.size
        bench.add(f"{name}/{number}", image.resize((width + number // len(people), height)))


def test_each_face_is_there_once_and_a_kill_costs_one_part(tmp_path: Path) -> None:
    seed = int(os.environ.get("FAULT_SEED", str(time.time_ns() % 100_000)))
    moments = random.Random(seed)
    bench, log = Bench(tmp_path), tmp_path / "embedded.log"
    filled(bench, 24 + 9 * KILLS)
    job = bench.job(part_images=PART, batch=4, threads=0)
    killed = sum(kill_somewhere(job, log, moments) for _ in range(KILLS))
    process = start(job, log)
    output, _ = process.communicate(timeout=300)
    assert process.returncode == 0, output
    rows = bench.table().to_pylist()
    keys = Counter((row["image_sha256"], row["face_no"]) for row in rows)
    assert set(keys.values()) == {1}, f"seed {seed}"
    assert {row["image_sha256"] for row in rows} == set(bench.images)
    times = Counter(log.read_text().splitlines())
    again = sum(count - 1 for count in times.values())
    faces = sum(row["outcome"] == "face" for row in rows)
    print(f"seed {seed}: {killed} kills, {faces} faces, {again} embedded again")  # noqa: T201
    assert len(times) == faces and killed > 0
    faces_a_part = PART * max(Counter(row["image_sha256"] for row in rows).values())
    assert again <= killed * faces_a_part, f"seed {seed}"
