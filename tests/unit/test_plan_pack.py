"""A database of the pack `demo` names nobody right: it is never built of public sources unasked."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import HttpUrl

from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.embedding.lock import load_lock
from trainer.embedding.make_pack import ensure_pack
from trainer.errors import ConfigError
from trainer.pipeline.steps.plan import _check_pack

SOURCES = load_sources(Path("/nonexistent"))


def settings(**values):
    return Settings().model_copy(update=values)


def at(url):
    return {"stashdb": SOURCES["stashdb"].model_copy(update={"base_url": HttpUrl(url)})}


def test_the_default_pack_is_the_one_that_the_sidecar_queries_with(monkeypatch):
    monkeypatch.delenv("TRAINER_MODEL_PACK", raising=False)
    assert Settings().model_pack == "sidecar"
    assert not load_lock()["sidecar"].demonstration


def test_the_first_start_says_how_to_fetch_the_pack(tmp_path):
    with pytest.raises(ConfigError, match="run `trainer models fetch sidecar`"):
        ensure_pack(settings(data_dir=tmp_path, model_pack="sidecar"))


@pytest.mark.parametrize("key", sorted(SOURCES))
def test_a_demonstration_pack_is_refused_for_every_public_source(key):
    with pytest.raises(ConfigError, match=f"{key}.*TRAINER_ALLOW_DEMO_PACK=1"):
        _check_pack(settings(model_pack="demo"), {key: SOURCES[key]})


def test_a_demonstration_pack_is_let_through_when_it_is_asked_for():
    _check_pack(settings(model_pack="demo", allow_demo_pack=True), SOURCES)


@pytest.mark.parametrize("pack", ["sidecar", "sidecar-scrfd", "a-pack-of-ones-own"])
def test_other_packs_are_for_all_sources(pack):
    _check_pack(settings(model_pack=pack), SOURCES)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000/x", "http://localhost:8000", "http://192.168.1.4/x", "http://[::1]"],
)
def test_a_demonstration_pack_serves_the_operators_own_servers(url):
    _check_pack(settings(model_pack="demo"), at(url))


@pytest.mark.parametrize("url", ["http://localhost.example.org/x", "http://8.8.8.8/x"])
def test_a_name_that_only_looks_like_an_own_server_is_public(url):
    with pytest.raises(ConfigError):
        _check_pack(settings(model_pack="demo"), at(url))


def test_the_mark_of_a_demonstration_pack_changes_no_packs_id():
    assert load_lock()["demo"].info("demo").pack_id.startswith("demo-")
    assert "demonstration" not in load_lock()["demo"].info("demo").model_dump()
