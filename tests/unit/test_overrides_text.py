"""Changing the text of the operator's files: only what is meant changes."""

from __future__ import annotations

import pytest
import yaml

from tests.unit.overrides_files import FILE
from trainer.overrides.document import with_value, without_value


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
