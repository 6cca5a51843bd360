"""Changing the operator's files: what is refused, and what is in force."""

from __future__ import annotations

import pytest

from tests.unit.overrides_files import FILE, change, own, set_value
from trainer.config.sources import load_sources
from trainer.errors import ConfigError
from trainer.overrides.listing import overridden, values_of
from trainer.overrides.names import Change, name_of, value_of
from trainer.overrides.proposal import propose
from trainer.release.gate import load_limits
from trainer.staging.paths import DataDir


@pytest.fixture
def data(tmp_path):
    return DataDir(tmp_path)


def test_a_value_is_refused_by_the_models_that_read_it(data):
    path = own(data)
    for name, value, said in (
        ("iafd.trust", "lowest", "trust"),
        ("iafd.requests_per_minute", 0, "requests_per_minute"),
        ("iafd.max_faces", 2.5, "max_faces"),
        ("iafd.colour", "red", "colour"),
        ("iafd.key", "other", "key"),
        ("gate.default.min_rank_1", 2, "min_rank_1"),
        ("gate.packs.demo.min_rank", 0, "min_rank"),
        ("gate.floors.x", 0, "floors"),
    ):
        with pytest.raises(ConfigError, match=said) as refused:
            propose(data, [change(name, value)])
        assert "choose another value" in str(refused.value)
    assert path.read_text() == FILE
    assert not (data.root / "gate.yaml").exists()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nosuch.enabled", "choose from"),
        ("iafd..x", "no name"),
        ("", "no name"),
        ("iafd", "many values"),
        ("gate", "many values"),
    ],
)
def test_names_that_name_no_value(data, name, said):
    with pytest.raises(ConfigError, match=said):
        propose(data, [change(name, True)])


def test_nobody_is_asked_faster_than_agreed_but_a_server_of_ones_own_is(data):
    agreed = load_sources(data.root)["iafd"].requests_per_minute
    with pytest.raises(ConfigError, match="agreed for that site"):
        propose(data, [change("iafd.requests_per_minute", agreed + 1)])
    propose(data, [change("iafd.requests_per_minute", agreed)])
    set_value(data, "iafd.base_url", "http://127.0.0.1:8100/")
    set_value(data, "iafd.requests_per_minute", 6000)
    assert load_sources(data.root)["iafd"].requests_per_minute == 6000
    with pytest.raises(ConfigError, match="agreed for that site"):
        propose(data, [Change(name_of("iafd.base_url"), unset=True)])


def test_a_broken_file_is_not_made_worse_and_can_be_mended(data):
    own(data, "iafd:\n  trust: lowest\n  enabled: true\n")
    with pytest.raises(ConfigError, match="correct it in that file"):
        propose(data, [change("iafd.enabled", False)])
    set_value(data, "iafd.trust", "low")
    assert load_sources(data.root)["iafd"].trust == "low"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"iafd: \xff", "UTF-8"),
        (b"iafd: [", "not valid YAML"),
        (b"- iafd\n", "no mapping at the top level"),
        (b"2026-13-45: x\n", "not valid YAML"),
        (b"3: x\n", "is no name"),
        (b"[" * 5000, "not valid YAML"),
        (b"--- {}\n--- {}\n", "not valid YAML"),
    ],
)
@pytest.mark.parametrize("file", ["sources.yaml", "gate.yaml"])
def test_a_damaged_file_is_one_sentence(data, file, text, said):
    (data.root / file).write_bytes(text)
    name = "iafd.enabled" if file == "sources.yaml" else "gate.default.min_faces"
    for read in (
        lambda: propose(data, [change(name, 1 if "gate" in name else True)]),
        lambda: overridden(data),
        lambda: values_of(data, name_of(name)),
    ):
        with pytest.raises(ConfigError, match=said) as refused:
            read()
        assert file in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_source_that_is_no_mapping_is_named_and_can_be_mended(data):
    own(data, "iafd: x\n")
    with pytest.raises(ConfigError, match="iafd is no mapping"):
        overridden(data)
    set_value(data, "iafd.enabled", True)
    assert (data.root / "sources.yaml").read_text() == "iafd:\n  enabled: true\n"


def test_a_directory_in_place_of_a_file_is_one_sentence(data):
    (data.root / "sources.yaml").mkdir()
    with pytest.raises(ConfigError, match="can't be read"):
        load_sources(data.root)


def test_an_anchor_that_would_change_more_is_refused(data):
    path = own(data, "afdb: &a\n  enabled: true\niafd: *a\n")
    with pytest.raises(ConfigError, match="by hand"):
        propose(data, [change("iafd.enabled", False)])
    assert path.read_text().endswith("*a\n")


def test_values_in_force_say_whose_they_are(data):
    own(data)
    rows = {row.name: row for row in values_of(data, name_of("stashdb"))}
    assert rows["stashdb.requests_per_minute"][1:] == (20, True)
    assert rows["stashdb.gender_filter"][1:] == (["FEMALE", "MALE"], True)
    assert rows["stashdb.assertions.min_performers"].overridden is False
    assert [row.name for row in overridden(data)] == [
        "stashdb.requests_per_minute", "stashdb.gender_filter", "iafd.enabled", "iafd.note",
        "thenude",
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="trainer config get iafd"):
        values_of(data, name_of("iafd.nosuch"))


def test_limits_of_a_pack_are_those_of_the_gate(data):
    set_value(data, "gate.packs.demo.min_faces", 120)
    set_value(data, "gate.default.min_rank_1", 0.9)
    rows = {r.name: r for r in values_of(data, name_of("gate.packs.demo"))}
    assert rows["gate.packs.demo.min_faces"][1:] == (120, True)
    assert rows["gate.packs.demo.min_rank_1"].value == load_limits(data.root, "demo").min_rank_1
    found = values_of(data, name_of("gate.default.min_rank_1"))
    assert [(r.value, r.overridden) for r in found] == [(0.9, True)]


def test_values_are_read_as_yaml_has_them():
    assert [value_of(t) for t in ("true", "30", "[A, B]", "null", "low", "0.5")] == [
        True, 30, ["A", "B"], None, "low", 0.5
    ]  # fmt: skip
    with pytest.raises(ConfigError, match="is no value"):
        value_of("[a")
