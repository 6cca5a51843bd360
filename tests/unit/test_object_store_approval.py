"""A candidate that one machine built is approved, or rejected, on another."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.object_world import Machine, memory
from tests.unit.test_approval import RUN, VERSION, waiting
from trainer.config.settings import Settings
from trainer.errors import StageFailed
from trainer.object_store.mirror import pull, push_all
from trainer.pipeline.approve import approve_run, candidates, reject_run
from trainer.pipeline.stored import bring_records
from trainer.runs.record import read_record
from trainer.staging.atomic import write_json
from trainer.state.decisions import digest

__all__ = ["waiting"]


@pytest.fixture
def elsewhere(waiting, tmp_path: Path, monkeypatch) -> Settings:
    """The settings of a machine that has nothing yet."""
    store = memory()
    monkeypatch.setattr("trainer.object_store.open_store.open_store", lambda _: store)
    context = waiting
    write_json(
        context.run.resolve / "identities.json",
        {"claims": [], "evidence": [], "new_ids": [], "revived": [], "merges": []},
    )
    context.finish("resolve", {"decisions": digest(context.data)})
    push_all(store, context.data.root, "a test")
    update = {"object_store": store.url, "data_dir": tmp_path / "elsewhere"}
    (tmp_path / "elsewhere").mkdir()
    return context.settings.model_copy(update=update)


def mirror(settings: Settings, tmp_path: Path) -> Path:
    from trainer.object_store.open_store import open_store

    store = open_store(settings)
    assert store is not None
    machine = Machine(tmp_path / "mirror", store)
    pull(store, machine.root)
    return machine.root


def test_the_question_can_be_asked_anywhere(elsewhere):
    bring_records(elsewhere, f"runs/{RUN}/release/*.json")
    found = candidates(elsewhere)
    assert [candidate.run_id for candidate in found] == [RUN]
    assert "25 performers added" in found[0].diff[0]


def test_approved_elsewhere(elsewhere, tmp_path):
    assert "is current" in approve_run(elsewhere, RUN)
    root = mirror(elsewhere, tmp_path)
    assert (root / "releases" / "current").readlink().name == VERSION
    assert read_record(root / "runs" / RUN / "run.json").status in ("completed", "partial")
    assert (root / f"performers_{VERSION}.db").stat().st_size
    assert not (root / "runs" / RUN / "release" / "performers.db").exists()


def test_rejected_elsewhere(elsewhere, tmp_path):
    reject_run(elsewhere, RUN, "a bad crawl")
    root = mirror(elsewhere, tmp_path)
    assert read_record(root / "runs" / RUN / "run.json").status == "rejected"
    assert not (root / "runs" / RUN / "release" / "performers.db").exists()
    assert (root / "runs" / RUN / "release" / "diff.json").exists()
    with pytest.raises(StageFailed, match="is rejected, not waiting"):
        approve_run(elsewhere, RUN)
