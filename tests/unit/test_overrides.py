"""Changing the operator's files: what stays, what is refused, what can be undone."""

from __future__ import annotations

import pytest
import yaml

from trainer.config.sources import load_sources
from trainer.errors import ConfigError, DamagedFileError
from trainer.overrides import entries as kept
from trainer.overrides import history as changes
from trainer.overrides.document import with_value, without_value
from trainer.overrides.listing import overridden, values_of
from trainer.overrides.names import Change, name_of, value_of
from trainer.overrides.proposal import propose
from trainer.release.gate import load_limits
from trainer.staging.paths import DataDir

FILE = """\
# mine
stashdb:
    requests_per_minute: 20  # slow
    gender_filter:
    - FEMALE   # x
    - MALE

# about iafd
iafd: {enabled: true, note: "yes"}
thenude:  # nothing yet
# end
"""


@pytest.fixture
def data(tmp_path):
    return DataDir(tmp_path)


def own(data, text=FILE, file="sources.yaml"):
    path = data.root / file
    path.write_text(text)
    return path


def change(name, value):
    return Change(name_of(name), value)


def set_value(data, name, value):
    return changes.write(data, propose(data, [change(name, value)]), "test")


def unset_value(data, name):
    return changes.write(data, propose(data, [Change(name_of(name), unset=True)]), "test")


# The text


@pytest.mark.parametrize(
    ("keys", "value", "old", "new"),
    [
        ("stashdb.requests_per_minute", 9, "minute: 20  #", "minute: 9  #"),
        ("stashdb.enabled", False, "    - MALE\n", "    - MALE\n    enabled: false\n"),
        ("stashdb.gender_filter", ["on", "MALE"],
         "\n    - FEMALE   # x\n    - MALE\n", ' ["on", MALE]\n'),
        ("stashdb.assertions.max_share_unlisted", 0.00005, "    - MALE\n",
         "    - MALE\n    assertions:\n      max_share_unlisted: 0.00005\n"),
        ("iafd.enabled", False, "enabled: true", "enabled: false"),
        ("iafd.trust", "low", '"yes"}', '"yes", trust: low}'),
        ("iafd.assertions.min_performers", 3, '"yes"}',
         '"yes", assertions: {min_performers: 3}}'),
        ("thenude.enabled", True, "nothing yet\n", "nothing yet\n  enabled: true\n"),
        ("afdb.enabled", True, "nothing yet\n", "nothing yet\nafdb:\n  enabled: true\n"),
    ],
)  # fmt: skip
def test_only_what_is_set_changes_in_the_text(keys, value, old, new):
    assert FILE.count(old) == 1
    assert with_value(FILE, tuple(keys.split(".")), value) == FILE.replace(old, new)


@pytest.mark.parametrize(
    ("keys", "gone"),
    [
        ("stashdb.requests_per_minute", "    requests_per_minute: 20  # slow\n"),
        ("stashdb.gender_filter", "    gender_filter:\n    - FEMALE   # x\n    - MALE\n"),
        ("iafd.enabled", "enabled: true, "),
        ("iafd.note", ', note: "yes"'),
        ("iafd", 'iafd: {enabled: true, note: "yes"}\n'),
        ("thenude", "thenude:  # nothing yet\n"),
    ],
)
def test_only_what_is_unset_goes_from_the_text(keys, gone):
    assert FILE.count(gone) == 1
    assert without_value(FILE, tuple(keys.split("."))) == FILE.replace(gone, "")


def test_a_source_without_any_value_goes_and_the_comment_on_the_next_one_stays():
    text = "afdb:\n  enabled: true\n# about iafd\niafd:\n  enabled: true\n"
    gone = without_value(text, ("afdb", "enabled"))
    assert gone == "# about iafd\niafd:\n  enabled: true\n"
    assert without_value(text, ("afdb", "trust")) == text


@pytest.mark.parametrize("text", ["", "# only a comment", "# one\n\n# two\n"])
def test_a_file_without_content_keeps_its_comments(text):
    found = with_value(text, ("afdb", "enabled"), True)
    assert found.startswith(text)
    assert yaml.safe_load(found) == {"afdb": {"enabled": True}}


@pytest.mark.parametrize(
    "value",
    ["on", "no", "1e3", "12:30", "null", "a: b", "# x", "", " x", "0o7", "é\u202e", "'", "{"],
)
def test_every_text_is_read_as_it_was_set(value):
    for text in ("", "a: {x: 1}\n", "a:\n  b: old\n", "a: {b: 'old', x: 1}\n"):
        assert yaml.safe_load(with_value(text, ("a", "b"), value))["a"]["b"] == value


# What is proposed


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


# What is written


def test_a_change_is_written_whole_and_undone_to_the_byte(data):
    path = own(data)
    path.chmod(0o640)
    first = set_value(data, "iafd.enabled", False)
    second = unset_value(data, "stashdb")
    assert [e.what for e in kept.history(data)] == ["stashdb as shipped", "iafd.enabled: false"]
    assert "stashdb" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o640
    assert changes.undo(data).number == second.number
    assert changes.undo(data).number == first.number
    assert path.read_text() == FILE
    assert path.stat().st_mode & 0o777 == 0o640
    with pytest.raises(ConfigError, match="no change is left"):
        changes.undo(data)


def test_the_first_change_makes_the_file_and_its_undo_removes_it(data):
    set_value(data, "gate.default.min_rank_1", 0.9)
    assert load_limits(data.root, "sidecar").min_rank_1 == 0.9
    changes.undo(data)
    assert not (data.root / "gate.yaml").exists()
    assert load_limits(data.root, "sidecar").min_rank_1 == 0.8


def test_a_file_that_changed_meanwhile_is_not_written(data):
    path = own(data)
    proposal = propose(data, [change("iafd.enabled", False)])
    own(data, FILE + "# by somebody else\n")
    with pytest.raises(ConfigError, match="changed meanwhile"):
        changes.write(data, proposal, "test")
    assert path.read_text() == FILE + "# by somebody else\n"
    assert kept.history(data) == []


def test_a_change_by_hand_is_not_undone(data):
    path = own(data)
    set_value(data, "iafd.enabled", False)
    path.write_text(path.read_text() + "# by hand\n")
    with pytest.raises(ConfigError, match="by hand since change 1"):
        changes.undo(data)
    assert path.read_text().endswith("# by hand\n")


def test_nothing_to_change_writes_nothing(data):
    path = own(data)
    with pytest.raises(ConfigError, match="so already"):
        set_value(data, "iafd.enabled", True)
    assert path.read_text() == FILE


def test_a_change_that_a_kill_prevented_is_passed_over_by_undo(data, monkeypatch):
    own(data)
    set_value(data, "iafd.enabled", False)

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(changes, "_put", killed)
        with pytest.raises(KeyboardInterrupt):
            set_value(data, "iafd.trust", "low")
    assert len(kept.history(data)) == 2
    assert changes.undo(data).what == "iafd.enabled: false"


def test_a_link_to_a_file_elsewhere_stays_a_link(data, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("repository") / "sources.yaml"
    elsewhere.write_text(FILE)
    (data.root / "sources.yaml").symlink_to(elsewhere)
    set_value(data, "iafd.enabled", False)
    assert (data.root / "sources.yaml").is_symlink()
    assert "enabled: false" in elsewhere.read_text()


def test_the_history_is_its_owners_only_and_bounded(data, monkeypatch):
    monkeypatch.setattr(kept, "MOST_KEPT", 3)
    for rate in (1, 2, 3, 4, 5):
        set_value(data, "stashdb.requests_per_minute", rate)
    found = kept.history(data)
    assert [e.number for e in found] == [5, 4, 3]
    modes = {p.stat().st_mode & 0o777 for p in (data.root / "config_history").iterdir()}
    assert modes == {0o600}
    assert "-  requests_per_minute: 4\n+  requests_per_minute: 5" in found[0].diff


def test_a_damaged_history_says_which_file(data):
    set_value(data, "iafd.enabled", True)
    (data.root / "config_history" / "000001.json").write_text("{")
    with pytest.raises(DamagedFileError, match=r"000001\.json.*remove that file"):
        kept.history(data)


# What is listed


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
