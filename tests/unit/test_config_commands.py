"""`trainer config ...` and the rows of settings."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from trainer.cli import app
from trainer.config.settings_rows import settings_rows
from trainer.config.variables import variables
from trainer.errors import ConfigError


@pytest.fixture
def ask(tmp_path):
    def asked(*words):
        where = [] if words[0] == "settings" else ["--data-dir", str(tmp_path)]
        done = CliRunner().invoke(app, ["config", *words, *where])
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.stdout

    return asked


def test_what_is_set_is_got_and_undone(ask, tmp_path):
    assert ask("get").strip() == "everything is as shipped"
    assert "iafd.enabled: false\n" in ask("get", "iafd")
    out = ask("set", "iafd.enabled", "true")
    assert "+  enabled: true" in out and "change 1 is written to sources.yaml" in out
    assert ask("get", "iafd.enabled") == "iafd.enabled: true (yours)\n"
    assert ask("set", "gate.packs.demo.min_faces", "120").count("gate.yaml") == 1
    assert "iafd.enabled: true (yours)" in ask("get")
    assert "gate.packs.demo.min_faces: 120 (yours)" in ask("get")
    assert "change 2 is taken back: gate.yaml is as before" in ask("undo")
    assert "-iafd:" in ask("unset", "iafd")
    assert (tmp_path / "sources.yaml").read_text() == ""
    listed = ask("history")
    assert [line.split(":")[0] for line in listed.splitlines()] == ["3", "2", "1"]
    assert "taken back" in listed.splitlines()[1]
    assert "+iafd:" in ask("history", "--diff")


def test_a_dry_run_shows_the_change_only(ask, tmp_path):
    assert "+  enabled: true" in ask("set", "iafd.enabled", "true", "--dry-run")
    assert "so already" in ask("unset", "iafd.enabled", "--dry-run")
    assert list(tmp_path.iterdir()) == []


def test_everything_is_there_as_json(ask):
    ask("set", "iafd.gender_filter", "[FEMALE]")
    rows = json.loads(ask("get", "--json"))
    assert rows == [{"name": "iafd.gender_filter", "value": ["FEMALE"], "overridden": True}]
    assert json.loads(ask("history", "--json"))[0]["what"] == "iafd.gender_filter: ['FEMALE']"
    assert any(row["variable"] == "DATA_DIR" for row in json.loads(ask("settings", "--json")))


def test_a_bad_value_is_refused(ask, tmp_path):
    with pytest.raises(ConfigError, match="choose another value"):
        ask("set", "iafd.trust", "lowest")
    assert not (tmp_path / "sources.yaml").exists()


def test_every_setting_has_a_row_and_secrets_none_of_their_text(tmp_path):
    secret = tmp_path / "key"
    secret.write_text("hunter2")
    rows = {
        row.variable: row
        for row in settings_rows(
            {
                "FLARESOLVERR_URL": "http://user:hunter2@127.0.0.1:8191",
                "TRAINER_CONTACT": "https://u:hunter2@own.example/x",
                "TRAINER_AIRFLOW_PASSWORD": "hunter2",
                "STASHDB_API_KEY_FILE": str(secret),
                "TRAINER_KEEP_RELEASES": "3",
            }
        )
    }
    assert list(rows) == [variable.name for variable in variables()]
    assert "hunter2" not in str(rows)
    for name in ("FLARESOLVERR_URL", "TRAINER_CONTACT", "TRAINER_AIRFLOW_PASSWORD"):
        assert rows[name].value == "set"
    assert rows["STASHDB_API_KEY"].value == "set"
    assert rows["FANSDB_API_KEY"].value == rows["TRAINER_SIGNING_KEY"].value == "not set"
    assert rows["TRAINER_KEEP_RELEASES"][1:3] == ("3", False)
    assert rows["TRAINER_EMBED_SHARDS"][1:3] == ("1", True)
    assert all(row.about for row in rows.values())
