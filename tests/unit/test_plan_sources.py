"""A run goes on with the sources as they were when it was planned; the next one takes an edit."""

from __future__ import annotations

import pytest

from tests.unit.identity_world import IdentityWorld, creator, record
from trainer.config.params import BuildParams
from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.overrides.history import write
from trainer.overrides.names import Change, name_of
from trainer.overrides.proposal import propose
from trainer.pipeline.steps import plan
from trainer.pipeline.steps.plan import choose
from trainer.runs.context import RunContext
from trainer.staging.atomic import write_json


@pytest.fixture
def settings(tmp_path, monkeypatch):
    monkeypatch.setattr(plan, "ensure_pack", lambda _settings: tmp_path)
    monkeypatch.setattr(plan, "read_pack", lambda _path: type("Pack", (), {"pack_id": "p"})())
    monkeypatch.setattr(plan, "_check_embedder", lambda _settings: None)
    return Settings.load(tmp_path).model_copy(
        update={"contact": "a@own.example", "allow_demo_pack": True}
    )


def edit(context, name, value):
    proposal = propose(context.data, [Change(name_of(name), value)])
    write(context.data, proposal, "test")


def planned(settings, run_id):
    context = RunContext.open(settings, run_id)
    plan._make_plan(context, None)
    return context


def test_a_planned_run_keeps_all_sources_and_the_next_one_takes_the_edit(settings):
    first = planned(settings, "first")
    before = load_sources(settings.data_dir)
    assert first.sources == before
    edit(first, "stashdb.trust", "low")
    edit(first, "iafd.enabled", True)
    edit(first, "afdb.trust", "low")
    assert first.sources == RunContext.open(settings, "first").sources == before
    assert "iafd" not in first.plan.sources
    after = planned(settings, "second")
    assert after.sources == load_sources(settings.data_dir) != before
    assert after.plan.sources["stashdb"].trust == "low"
    assert "iafd" in after.plan.sources
    assert after.plan.others is not None
    assert after.plan.others["afdb"].trust == "low"
    chosen = choose(load_sources(settings.data_dir), BuildParams())
    assert after.plan.sources == chosen


def test_the_plan_of_an_older_trainer_reads_the_other_sources_from_the_files(tmp_path):
    world = IdentityWorld(tmp_path, {"stashdb": creator("stashdb")})
    context = world.run("week-1", [record("stashdb", 1, "Ana Vask")])
    content = context.plan.model_dump(mode="json", exclude={"others"})
    write_json(context.run.plan, content)
    vars(context).pop("plan")  # which is read once
    assert context.plan.others is None
    assert set(context.sources) == set(load_sources(tmp_path))
    assert context.sources["stashdb"] == context.plan.sources["stashdb"]
