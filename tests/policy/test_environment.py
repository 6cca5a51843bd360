"""One module reads the environment, and no child process gets a secret that it does not need."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from trainer.config.environment import environment, for_program, for_trainer, is_secret
from trainer.config.settings import REPO_ROOT, Settings
from trainer.config.sources import shipped_sources
from trainer.config.variables import variables
from trainer.errors import ConfigError
from trainer.release import verify

PRODUCT = ("trainer", "scrapy_project", "embedder", "reports", "plugins", "dags", "demo")
# They set what libraries read when they are imported; they read nothing of ours.
SETTERS = {
    *("embedder/__init__.py", "embedder/decode_pool.py", "embedder/export/keras_model.py"),
}
SECRETS = {
    "STASHDB_API_KEY": "canary",
    "TRAINER_AIRFLOW_PASSWORD": "canary",
    "AIRFLOW__API_AUTH__JWT_SECRET": "canary",
    "AIRFLOW__CORE__FERNET_KEY": "canary",
    "POSTGRES_PASSWORD": "canary",
    "FLARESOLVERR_URL": "http://user:canary@127.0.0.1",
}


def _reads(path: Path) -> bool:
    """Does this file name `os.environ`, `os.getenv` or the like?"""
    tree = ast.parse(path.read_text())
    names = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "os"
        for alias in node.names
    }
    return bool((names | imported) & {"environ", "environb", "getenv", "getenvb"})


def test_one_module_reads_the_environment():
    files = [path for folder in PRODUCT for path in (REPO_ROOT / folder).rglob("*.py")]
    assert len(files) > 200
    found = {str(path.relative_to(REPO_ROOT)) for path in files if _reads(path)}
    assert found == SETTERS | {"trainer/config/environment.py"}


def test_children_get_no_secret_that_they_were_not_given():
    given = {"PATH": "/bin", "DATA_DIR": "/data", "TRAINER_DEVICE": "cpu", **SECRETS}
    assert for_program(given) == {"PATH": "/bin"}
    assert for_trainer(given) == {"PATH": "/bin", "DATA_DIR": "/data", "TRAINER_DEVICE": "cpu"}
    with_key = for_trainer(given, {"STASHDB_API_KEY"})
    assert {name for name, value in with_key.items() if "canary" in value} == {"STASHDB_API_KEY"}


def test_who_opens_a_strange_index_knows_no_key(monkeypatch, tmp_path):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    given = []

    def run(*_command, env=None, **_options):
        given.append(env)
        raise subprocess.TimeoutExpired("probe", 1)

    monkeypatch.setattr(subprocess, "run", run)
    verify._probe(tmp_path / "face_facenet.voy")
    assert given[0]["PATH"] and "canary" not in str(given)


def test_every_secret_of_the_model_is_known_as_one():
    for name, field in Settings.model_fields.items():
        secret = "SecretStr" in str(field.annotation) or SecretStr in getattr(
            field.annotation, "__args__", ()
        )
        variable = str(field.validation_alias or f"TRAINER_{name.upper()}")
        assert is_secret(variable) == secret, variable
    keys = [s.api_key_env for s in shipped_sources().values() if s.api_key_env]
    assert keys and all(map(is_secret, keys))


def test_a_secret_lies_in_a_file_and_an_empty_variable_is_unset(tmp_path, monkeypatch):
    file = tmp_path / "key"
    file.write_text("from-a-file\n")
    got = environment({"STASHDB_API_KEY_FILE": str(file), "TRAINER_CONTACT": "", "A_FILE": "kept"})
    assert got == {"STASHDB_API_KEY": "from-a-file", "A_FILE": "kept"}
    monkeypatch.setenv("TRAINER_DEVICE", "")
    monkeypatch.setenv("CHROME_CDP_URL_FILE", str(file))
    file.write_text("http://localhost:9222")
    settings = Settings.load()
    assert settings.device == "auto" and settings.chrome_cdp_url is not None


@pytest.mark.parametrize("content", [None, "", b"\xff\xfe"])
def test_a_secrets_file_that_cannot_be_read_is_named(tmp_path, content):
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(ConfigError, match=r"^STASHDB_API_KEY_FILE: .*; (correct|write) "):
        environment({"STASHDB_API_KEY_FILE": str(file)})
    with pytest.raises(ConfigError, match="leave one of them out"):
        environment({"STASHDB_API_KEY_FILE": str(file), "STASHDB_API_KEY": "k"})


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("TRAINER_SCHEDULE", "every day", "cron expression"),
        ("TRAINER_SCHEDULE", "0 3 * * 0 *", "cron expression"),
        ("TRAINER_TIMEZONE", "Nowhere/City", "time zone"),
        ("TRAINER_TIMEZONE", "../etc/passwd", "time zone"),
    ],
)
def test_a_bad_schedule_says_what_is_expected(monkeypatch, name, value, said):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=said):
        Settings.load()


@pytest.mark.parametrize("value", ["0 3 * * 0", "@daily", "never", "*/30 * * * *"])
def test_a_good_schedule_is_taken(monkeypatch, value):
    monkeypatch.setenv("TRAINER_SCHEDULE", value)
    assert Settings.load().schedule == value


def test_no_two_variables_share_a_name():
    names = [variable.name for variable in variables()]
    assert len(names) == len(set(names)) > 30
