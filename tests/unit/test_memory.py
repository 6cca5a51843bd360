"""Too little memory is a sentence with figures, and the next attempt takes less."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.config.jobs import EmbedJob
from trainer.config.settings import Settings
from trainer.embedding import runner
from trainer.embedding.process_runner import KILLED
from trainer.errors import RetryLater, StageFailed
from trainer.processes import memory
from trainer.staging.atomic import write_sealed

WHEN = "2026-11-29T00:00:00Z"


def test_the_strictest_limit_counts(tmp_path, monkeypatch):
    monkeypatch.setattr(memory, "_CGROUPS", (tmp_path / "memory.max",))
    free = memory.memory_limit()
    (tmp_path / "memory.max").write_text("max\n")
    assert memory.memory_limit() == free
    (tmp_path / "memory.max").write_text("500000000\n")
    assert memory.memory_limit() == 500_000_000
    with pytest.raises(StageFailed, match=r"needs about 900 MB of memory, and 500 MB"):
        memory.require_memory("build_release", 900_000_000)
    memory.require_memory("build_release", 400_000_000)


LIMITED = """
import resource, sys
from pathlib import Path
from trainer.errors import TrainerError
from trainer.pipeline import run
from trainer.config.settings import Settings

def greedy(*given):
    taken = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + 50_000_000,) * 2)
    return bytearray(2_000_000_000)

run._run = greedy
try:
    run.run_step("select", "r", Settings.load(Path(sys.argv[1])))
except TrainerError as error:
    print(error)
"""


def test_a_step_that_memory_runs_out_in_says_how_much_it_had(tmp_path):
    """In a process of its own, whose limit is real."""
    argv = [sys.executable, "-c", LIMITED, str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("select: memory ran out at ")
    assert " MB is the limit here; give it more" in done.stdout
    assert resource.getrlimit(resource.RLIMIT_AS)[0] == resource.RLIM_INFINITY


@pytest.fixture
def job(tmp_path: Path) -> Path:
    content = EmbedJob(
        run_id="r", shard="000-of-001", images_dir=tmp_path, model_dir=tmp_path, pack_id="x-1",
        cache_dir=tmp_path, report_dir=tmp_path, images=[], batch=16, started_at=WHEN,
    )  # fmt: skip
    write_sealed(tmp_path / "job.json", content.model_dump(mode="json"))
    return tmp_path / "job.json"


def test_an_embedder_that_was_killed_takes_smaller_batches_the_next_time(job, monkeypatch):
    settings = Settings.load(job.parent).model_copy(update={"embedder": "process"})
    monkeypatch.setattr(runner, "run_process", lambda *_: f"7/9 pictures ({KILLED}, by all signs)")
    for before, after in ((16, 8), (8, 4)):
        # Airflow tries again by itself
        with pytest.raises(RetryLater, match=rf"batches of {before} did not fit into [\d,]+ MB"):
            runner.run_shard(settings, job)
        assert runner.read_job(job).batch == after and runner.read_job(job).decoders == 1
    monkeypatch.setattr(runner, "run_process", lambda *_: "no such model")
    with pytest.raises(StageFailed, match="no such model"):
        runner.run_shard(settings, job)
    assert runner.read_job(job).batch == 4


def test_one_picture_at_a_time_that_does_not_fit_is_for_a_person(job, monkeypatch):
    settings = Settings.load(job.parent).model_copy(update={"embedder": "process"})
    monkeypatch.setattr(runner, "run_process", lambda *_: f"7/9 pictures ({KILLED}, by all signs)")
    smallest = runner.read_job(job).model_copy(update={"batch": 1, "decoders": 1})
    write_sealed(job, smallest.model_dump(mode="json"))
    with pytest.raises(StageFailed, match=r"one at a time did not fit .* give it more") as error:
        runner.run_shard(settings, job)
    assert not isinstance(error.value, RetryLater)
