"""Changing a source on its page: looked at, written, taken back, refused."""

from __future__ import annotations

import pytest

from reports.actions import sources as actions
from reports.actions.role import NotAllowed
from tests.unit.reports_sources_world import (
    opened,
    own,
    press,
    shown,
)
from tests.unit.reports_visit import page
from trainer.config.sources import load_sources
from trainer.errors import ConfigError
from trainer.overrides.names import name_of

pytestmark = pytest.mark.usefixtures("sources_operator")


def test_a_change_is_looked_at_then_written_then_taken_back(sources_data):
    path = sources_data.root / "sources.yaml"
    path.write_text("# mine\nstashdb:\n  trust: low  # for now\n")
    at = opened(page("sources"), "iafd")
    at.toggle(key="enabled-iafd").set_value(True)
    at.selectbox(key="trust-iafd").set_value("low")
    at.number_input(key="faces-iafd").set_value(2)
    at.multiselect(key="genders-iafd").set_value(["FEMALE"])
    press(at, label="Look at the change")
    assert own(sources_data) == {"stashdb": {"trust": "low"}}
    diff = next(c.value for c in at.code)
    assert "+iafd:" in diff and "+  enabled: true" in diff
    press(at, label="Write it")
    assert own(sources_data)["iafd"] == {
        "enabled": True, "trust": "low", "max_faces": 2, "gender_filter": ["FEMALE"]
    }  # fmt: skip
    assert path.read_text().startswith("# mine\nstashdb:\n  trust: low  # for now\n")
    assert "the next build uses it" in shown(at)
    assert not [b for b in at.button if b.label == "Write it"]
    press(at, label="Take change 1 back")
    assert path.read_text() == "# mine\nstashdb:\n  trust: low  # for now\n"
    assert "is taken back" in shown(at)


def test_a_value_as_shipped_is_left_out_of_the_file(sources_data):
    at = opened(page("sources"), "iafd")
    at.toggle(key="enabled-iafd").set_value(True)
    press(at, label="Look at the change")
    press(at, label="Write it")
    at = opened(page("sources"), "iafd")
    at.toggle(key="enabled-iafd").set_value(False)
    press(at, label="Look at the change")
    press(at, label="Write it")
    assert not own(sources_data)


def test_nothing_differs(sources_data):
    at = press(opened(page("sources"), "iafd"), label="Look at the change")
    assert "Nothing differs" in shown(at)
    assert own(sources_data) is None


def test_a_change_is_left(sources_data):
    at = opened(page("sources"), "iafd")
    at.toggle(key="enabled-iafd").set_value(True)
    press(press(at, label="Look at the change"), label="Leave it")
    assert own(sources_data) is None
    assert not at.code


def test_a_file_that_changed_meanwhile_is_not_written(sources_data):
    at = opened(page("sources"), "iafd")
    at.toggle(key="enabled-iafd").set_value(True)
    press(at, label="Look at the change")
    (sources_data.root / "sources.yaml").write_text("stashdb: {trust: low}\n")
    press(at, label="Write it")
    assert any("changed meanwhile" in e.value for e in at.error)
    assert own(sources_data) == {"stashdb": {"trust": "low"}}


def test_a_rate_goes_up_to_what_is_agreed(sources_data):
    sources = load_sources(sources_data.root)
    at = opened(page("sources"), "iafd")
    assert at.number_input(key="rate-iafd").max == sources["iafd"].requests_per_minute
    (sources_data.root / "sources.yaml").write_text(
        "iafd: {base_url: 'http://127.0.0.1:1/', requests_per_minute: 9000}\n"
    )
    assert actions.fastest(load_sources(sources_data.root)["iafd"]) == actions.MOST_REQUESTS


def test_a_viewer_writes_nothing(sources_data, monkeypatch):
    source = load_sources(sources_data.root)["iafd"]
    found = actions.proposal(sources_data, source, {"enabled": True})
    assert found is not None
    actions.write(sources_data, found)
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    source = load_sources(sources_data.root)["iafd"]
    other = actions.proposal(sources_data, source, {"trust": "low"})
    assert other is not None
    for act in (
        lambda: actions.write(sources_data, other),
        lambda: actions.take_back(sources_data),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert own(sources_data) == {"iafd": {"enabled": True}}


def test_every_field_of_the_form_is_a_value_of_a_source(sources_data):
    for field in actions.FIELDS:
        assert str(name_of(f"iafd.{field}")) == f"iafd.{field}"
        assert hasattr(load_sources(sources_data.root)["iafd"], field)
    with pytest.raises(ConfigError, match="trust"):
        actions.proposal(sources_data, load_sources(sources_data.root)["iafd"], {"trust": "none"})


def test_a_data_dir_that_can_not_be_written_is_a_sentence(sources_data, monkeypatch):
    def refused(*_):
        raise PermissionError(30, "Read-only file system", str(sources_data.root))

    at = opened(page("sources"), "iafd")
    at.toggle(key="enabled-iafd").set_value(True)
    press(at, label="Look at the change")
    monkeypatch.setattr("trainer.overrides.history.short_lock", refused)
    press(at, label="Write it")
    assert any("can be written" in e.value for e in at.error)
