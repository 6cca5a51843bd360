"""What is written into the operator's files, its history, and undo."""

from __future__ import annotations

import pytest

from tests.unit.overrides_files import FILE, change, own, set_value, unset_value
from trainer.errors import ConfigError, DamagedFileError
from trainer.overrides import entries as kept
from trainer.overrides import history as changes
from trainer.overrides.proposal import propose
from trainer.release.gate import load_limits
from trainer.staging.paths import DataDir


@pytest.fixture
def data(tmp_path):
    return DataDir(tmp_path)


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
