"""The embedder beside the crawls: batches as pictures come, and never a reason to fail."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.recorded.bench import STARTED
from tests.unit.test_first_release import planned
from trainer.cli.builds import build_lines
from trainer.errors import StageFailed
from trainer.exclusions.entries import Exclusions
from trainer.pipeline import beside_build, embed_batches, waiting_images
from trainer.pipeline import embed_beside as module
from trainer.pipeline.embed_batches import SHARD, TOTAL, EmbedBatches, embedded_beside
from trainer.pipeline.embed_beside import EmbedderBeside
from trainer.pipeline.steps.embed_beside import crawls_are_over, why_not
from trainer.pipeline.waiting_images import WaitingImages
from trainer.runs.beside import read_beside
from trainer.runs.context import RunContext
from trainer.runs.record import RunRecord, StepRecord, write_record
from trainer.staging.atomic import write_bytes, write_json
from trainer.staging.error_groups import StageError
from trainer.staging.manifest import StageManifest
from trainer.staging.parquet import write_rows
from trainer.staging.schemas import IMAGES


@pytest.fixture
def context(tmp_path) -> RunContext:
    found = planned(tmp_path, "r1")
    settings = found.settings.model_copy(update={"embed_beside": 4, "device": "cpu"})
    return RunContext.open(settings, "r1")


def fetched(context: RunContext, part: int, *names: str) -> list[str]:
    """A part of a crawl with these pictures; their hashes."""
    rows, hashes = [], []
    for name in sorted(names):
        content = name.encode()
        sha = hashlib.sha256(content).hexdigest()
        write_bytes(context.data.image(sha), content)
        hashes.append(sha)
        row = dict.fromkeys(IMAGES.names) | {"url": f"http://a.test/{name}", "source": "stashdb"}
        row |= {"status": "fetched", "sha256": sha, "fetched_at": STARTED, "run_id": "r1"}
        rows.append(row)
    path = context.run.staging("stashdb") / f"images-{part:06d}.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(path, rows, IMAGES)
    return hashes


def manifest(counts: dict[str, int], errors: list[StageError]) -> StageManifest:
    return StageManifest(
        run_id="r1",
        stage="embed",
        name=SHARD,
        status="complete",
        started_at=STARTED,
        completed_at=STARTED,
        counts=counts,
        errors=errors,
    )


class Embedder:
    """Stands in for the embedder: notes its batches; `during` is called while it works."""

    most = 100

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.during: Callable[[], object] = lambda: None

    def embed(self, images: list[str]) -> None:
        self.during()
        self.batches.append(images)


@pytest.fixture
def embedder(monkeypatch) -> Embedder:
    made = Embedder()
    monkeypatch.setattr(module, "EmbedBatches", lambda _context: made)
    return made


def looks(count: int) -> Callable[[], bool]:
    """Over after so many questions."""
    left = iter(range(count))
    return lambda: next(left, None) is None


def run(context: RunContext, times: int) -> Any:
    return EmbedderBeside(context, look_seconds=0.001).run(looks(times))


def test_it_begins_when_enough_pictures_wait(context, embedder):
    fetched(context, 0, "a", "b", "c")
    run(context, 8)
    assert embedder.batches == []
    assert read_beside(context.run) is None  # no crawl waits for it
    hashes = fetched(context, 1, "d")
    run(context, 3)
    assert len(embedder.batches[0]) == 4
    assert hashes[0] in embedder.batches[0]


def test_once_begun_it_takes_what_is_there_when_no_more_come(context, embedder):
    fetched(context, 0, "a", "b", "c", "d")
    embedder.during = lambda: fetched(context, 1, "e") if not embedder.batches else None
    state = run(context, 20)
    assert [len(batch) for batch in embedder.batches] == [4, 1]
    assert (state.pictures, state.batches) == (5, 2)
    said = read_beside(context.run)
    assert said is not None
    assert (said.waiting, said.pictures) == (0, 5)


def test_a_batch_that_fails_ends_it_and_nothing_else(context, embedder):
    def fail() -> None:
        raise StageFailed("the embedder left no report; see the log of this step")

    fetched(context, 0, "a", "b", "c", "d")
    embedder.during = fail
    assert run(context, 50).batches == 0


def test_pictures_whose_bytes_are_gone_or_that_are_excluded_are_left(context, monkeypatch):
    (gone,) = fetched(context, 0, "a")
    context.data.image(gone).unlink()
    (out,) = fetched(context, 1, "b")
    (kept,) = fetched(context, 2, "c")
    listed = Exclusions(images={out})
    monkeypatch.setattr(waiting_images, "exclusions_of", lambda _context: listed)
    images = WaitingImages(context)
    assert images.look() == 3
    assert images.take(10) == [kept]
    assert images.look() == 0


def test_the_total_adds_the_batches_up(context, monkeypatch):
    shown = StageError(kind="refused_bomb", message="too large")
    monkeypatch.setattr(
        embed_batches,
        "run_shard",
        lambda _settings, job: manifest({"pictures": 2, "faces": 1}, [shown]),
    )
    batches = EmbedBatches(context)
    batches.embed(["0" * 64])
    batches.embed(["1" * 64])
    total = StageManifest.read(context.run.embed_shard(TOTAL))
    assert total is not None
    assert (total.name, total.counts) == (TOTAL, {"pictures": 4, "faces": 2})
    assert [error.count for error in total.errors] == [2]
    assert embedded_beside(context.run) == 4
    assert StageManifest.read(context.run.embed_shard(SHARD)) is None  # would count twice


def record(context: RunContext, **steps: str) -> None:
    made = RunRecord(id="r1", started_at=STARTED, status="running")
    made.steps = {name: StepRecord(status=status) for name, status in steps.items()}  # type: ignore[arg-type]
    write_record(context.run, made)


def test_the_crawls_are_over_when_each_has_a_result(context):
    record(context)
    assert not crawls_are_over(context)
    write_json(context.run.step("crawl-stashdb"), {})
    assert not crawls_are_over(context)  # pages of reference sites may follow
    write_json(context.run.step("plan_references"), {"references": ["iafd"]})
    assert not crawls_are_over(context)
    write_json(context.run.step("crawl_references-iafd"), {})
    assert crawls_are_over(context)


def test_they_are_over_when_one_has_failed_for_good(context):
    record(context, **{"crawl-stashdb": "failed"})
    assert crawls_are_over(context)


@pytest.mark.parametrize(
    ("changes", "works"),
    [({}, True), ({"embed_beside": 0}, False), ({"embedder": "kubernetes"}, False)],
)
def test_it_can_be_switched_off(context, changes, works):
    settings = context.settings.model_copy(update=changes)
    assert (why_not(RunContext.open(settings, "r1")) is None) == works


def test_no_faces_no_embedder(tmp_path: Path):
    assert why_not(planned(tmp_path, "r1", enable_faces=False)) is not None


def test_a_small_build_starts_no_process(context, monkeypatch):
    started: list[object] = []
    monkeypatch.setattr(beside_build, "LOOK_SECONDS", 0.001)
    monkeypatch.setattr(beside_build, "_run", lambda *args: started.append(args))
    progress = context.run.staging("stashdb") / "progress.json"
    write_json(progress, {"unit": "pictures", "done": 3, "total": 9})
    with beside_build.embedding_beside(context):
        assert started == []


def test_the_build_says_how_long_it_had_nothing_to_do():
    made = RunRecord(id="r1", started_at=STARTED, status="completed")
    made.embed = {"embedded": 900, "already": 0, "beside": 700, "beside_idle_percent": 41}
    assert (
        "  embedder: 900 pictures embedded now (700 of them while others were fetched, idle 41% of "
        "that time), 0 before" in build_lines(made)
    )
