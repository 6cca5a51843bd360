"""Numbers out of JSON and YAML: whole floats are integers; others name the field and the value."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import BaseModel
from typer.testing import CliRunner

from trainer.cli import app
from trainer.config.params import BuildParams
from trainer.config.sources import Assertions, SourceConfig, load_sources
from trainer.errors import ConfigError
from trainer.release.gate import GateLimits, load_limits

STASHDB = {
    "key": "stashdb",
    "kind": "stash_box",
    "domain": "stashdb.org",
    "base_url": "http://127.0.0.1/graphql",
    "requests_per_minute": 60,
}
MODELS: dict[type[BaseModel], dict[str, Any]] = {
    BuildParams: {},
    SourceConfig: STASHDB,
    Assertions: {},
    GateLimits: dict.fromkeys(GateLimits.model_fields, 1),
}


def fields(kind: str) -> list[tuple[type[BaseModel], str]]:
    """Every field of a number that a person can give, of all models that JSON or YAML feeds."""
    found = []
    for model in MODELS:
        for name, described in model.model_json_schema()["properties"].items():
            types = [described.get("type"), *(o.get("type") for o in described.get("anyOf", ()))]
            if kind in types:
                found.append((model, name))
    return found


@pytest.mark.parametrize(("model", "name"), fields("integer"))
def test_every_integer_takes_whole_floats_and_nothing_else(model, name):
    given = MODELS[model]
    found = getattr(model.model_validate({**given, name: 2.0}), name)
    assert (found, type(found)) == (2, int)
    for bad in (2.5, True, False, float("inf"), "two"):
        with pytest.raises(ValueError, match=name):
            model.model_validate({**given, name: bad})


@pytest.mark.parametrize(("model", "name"), fields("number"))
def test_no_share_is_a_boolean(model, name):
    given = MODELS[model]
    assert getattr(model.model_validate({**given, name: 1}), name) == 1.0
    for bad in (True, False, "much"):
        with pytest.raises(ValueError, match=name):
            model.model_validate({**given, name: bad})


@pytest.mark.parametrize("value", [2.5, True, "two"])
def test_what_is_refused_is_named_with_its_field_and_its_value(tmp_path, value):
    with pytest.raises(ConfigError) as refused:
        BuildParams.parse({"min_faces": value}, [])
    assert "min_faces" in str(refused.value) and str(value) in str(refused.value)
    (tmp_path / "sources.yaml").write_text(yaml.safe_dump({"stashdb": {"max_faces": value}}))
    with pytest.raises(ConfigError) as refused:
        load_sources(tmp_path)
    for part in ("sources.yaml", "stashdb", "max_faces", str(value)):
        assert part in str(refused.value)
    (tmp_path / "gate.yaml").write_text(yaml.safe_dump({"default": {"min_faces": value}}))
    with pytest.raises(ConfigError) as refused:
        load_limits(tmp_path, "demo")
    for part in ("gate.yaml", "min_faces", str(value)):
        assert part in str(refused.value)


def test_whole_floats_in_the_operators_files_are_integers(tmp_path):
    (tmp_path / "sources.yaml").write_text("stashdb: {page_size: 40.0}")
    (tmp_path / "gate.yaml").write_text("default: {min_faces: 200.0}")
    assert load_sources(tmp_path)["stashdb"].page_size == 40
    assert load_limits(tmp_path, "demo").min_faces == 200


def test_the_command_line_refuses_them_before_anything_runs(tmp_path):
    done = CliRunner().invoke(
        app, ["build", "--conf", '{"min_faces": true}', "--data-dir", str(tmp_path)]
    )
    assert isinstance(done.exception, ConfigError)
    assert "min_faces" in str(done.exception) and not (tmp_path / "runs").exists()
