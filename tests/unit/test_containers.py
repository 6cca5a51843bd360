"""What the containers make at their first start, and what each of their servers is given."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import tempfile
from pathlib import Path

import pytest

from trainer.config.settings import REPO_ROOT
from trainer.errors import ConfigError
from trainer.processes.prefixed import PrefixingSupervisor
from trainer.processes.supervisor import Service, ServiceError
from trainer.services.folders import check_folders
from trainer.services.keys import ADMIN_PASSWORD, MADE, make_keys, read_keys
from trainer.services.prepare import prepare_keys
from trainer.services.surroundings import (
    CONNECTION,
    PAUSED,
    admin_password,
    airflow_environment,
    reports_environment,
    scheduler_environment,
)

JWT = "AIRFLOW__API_AUTH__JWT_SECRET"


@pytest.fixture
def given(tmp_path, monkeypatch):
    """An operator's environment, with a canary in every secret."""
    data, home = tmp_path / "data", tmp_path / "airflow"
    for folder in (data, home):
        folder.mkdir()
    monkeypatch.setenv("DATA_DIR", str(data))
    return {
        "PATH": os.environ["PATH"],
        "DATA_DIR": str(data),
        "AIRFLOW_HOME": str(home),
        "STASHDB_API_KEY": "canary-stashdb",
        "FLARESOLVERR_URL": "http://u:canary@127.0.0.1:8191",
        "TRAINER_ADMIN_PASSWORD": "canary-admin",
        "POSTGRES_PASSWORD": "canary-postgres",
        "TRAINER_SCHEDULE": "@daily",
    }


def test_secrets_are_made_once_long_enough_and_private(tmp_path):
    assert make_keys(tmp_path, {}) == list(MADE)
    first = read_keys(tmp_path, {})
    assert len(first[JWT].encode()) >= 64 and len(first[ADMIN_PASSWORD]) >= 20
    assert make_keys(tmp_path, {}) == [] and read_keys(tmp_path, {}) == first
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "keys").iterdir()}
    assert modes == {0o600} and stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o700
    own = read_keys(tmp_path, {ADMIN_PASSWORD: "mine"})
    assert own == first | {ADMIN_PASSWORD: "mine"}


def test_a_password_that_was_made_is_said_once(given, capsys):
    del given["TRAINER_ADMIN_PASSWORD"]
    prepare_keys(given)
    made = admin_password(given)
    assert capsys.readouterr().out.count(made) == 1
    prepare_keys(given)
    assert made not in capsys.readouterr().out
    prepare_keys(given | {"TRAINER_ADMIN_PASSWORD": "mine"})
    assert admin_password(given | {"TRAINER_ADMIN_PASSWORD": "mine"}) == "mine"


def test_each_server_gets_no_secret_but_those_it_needs(given):
    make_keys(Path(given["AIRFLOW_HOME"]), given)
    airflow = airflow_environment(given)
    assert "canary" not in str(airflow) and airflow["TRAINER_SCHEDULE"] == "@daily"
    assert len(airflow[JWT]) > 64
    scheduler = scheduler_environment(given, airflow)
    assert {n for n, v in scheduler.items() if "canary" in v} == {
        *("STASHDB_API_KEY", "FLARESOLVERR_URL"),
    }
    reports = reports_environment(given, knows_keys=True)
    assert "canary" not in str(reports) and JWT not in reports
    assert reports["TRAINER_GIVEN_KEYS"] == "STASHDB_API_KEY,FLARESOLVERR_URL"
    signs_in = given | {"TRAINER_REPORTS_PASSWORD": "of-the-reports"}
    assert "of-the-reports" in str(reports_environment(signs_in, knows_keys=True))
    assert "of-the-reports" not in str(scheduler_environment(signs_in, airflow))
    assert "TRAINER_GIVEN_KEYS" not in reports_environment(given, knows_keys=False)


def test_postgres_is_reached_with_the_password_that_was_made(given, monkeypatch):
    monkeypatch.setenv("TRAINER_POSTGRES_HOST", "postgres")
    assert airflow_environment(given)[CONNECTION] == (
        "postgresql+psycopg2://airflow:canary-postgres@postgres/airflow"
    )


def test_builds_are_paused_at_creation_where_the_first_start_had_no_key(given, tmp_path):
    key = "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION"
    assert airflow_environment(given)[key] == "False"
    (tmp_path / "airflow" / PAUSED).touch()
    assert airflow_environment(given)[key] == "True"


def test_a_folder_of_another_is_a_sentence(tmp_path, monkeypatch):
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setattr(os, "access", lambda path, _mode: path != folder)
    with pytest.raises(ConfigError, match=r"DATA_DIR: .*data belongs to \d+:\d+, .*chown -R"):
        check_folders({"DATA_DIR": folder})
    with pytest.raises(ConfigError, match="is not there; create it"):
        check_folders({"DATA_DIR": folder / "none"})


def test_every_line_of_a_server_stands_behind_its_name(tmp_path):
    sink = io.StringIO()
    supervisor = PrefixingSupervisor(dict(os.environ), tmp_path, tmp_path / "logs", sink=sink)
    own = Service("one", ("/bin/sh", "-c", "echo $A"), {"A": "alone"})
    supervisor.run(own, 30)
    with pytest.raises(ServiceError, match=r"lines of two:\n.*no disk"):
        supervisor.run(Service("two", ("/bin/sh", "-c", "echo no disk >&2; exit 3")), 30)
    assert sink.getvalue().splitlines() == ["one          | alone", "two          | no disk"]
    assert not (tmp_path / "logs").exists()


def _enter(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    script = REPO_ROOT / "container" / "entrypoint.sh"
    return subprocess.run(
        [script, *command],
        env={"PATH": os.environ["PATH"], **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def reachable():
    """A directory that other users can enter: pytest's own is for one user."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_the_entrypoint_owns_empty_folders_and_becomes_the_user(reachable):
    empty, full = reachable / "data", reachable / "airflow"
    full.mkdir()
    (full / "file").touch()
    (reachable / "tmp").mkdir()
    (reachable / "tmp").chmod(0o777)
    folders = {"DATA_DIR": str(empty), "AIRFLOW_HOME": str(full), "TMPDIR": str(reachable / "tmp")}
    said = "id -u; id -g; umask; echo $USER; echo $TRAINER_TIMEZONE"
    done = _enter(
        *("sh", "-c", said), PUID="4321", PGID="8765", UMASK="027", TZ="Europe/Berlin", **folders
    )
    assert done.stdout.split() == ["4321", "8765", "0027", "trainer", "Europe/Berlin"], done.stderr
    assert (empty.stat().st_uid, empty.stat().st_gid) == (4321, 8765)
    assert full.stat().st_uid == 0


@pytest.mark.parametrize(
    ("name", "value"), [("PUID", "nobody"), ("PGID", "1x"), ("UMASK", "rwx------x")]
)
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become somebody else")
def test_the_entrypoint_refuses_what_is_no_number(tmp_path, name, value):
    folders = {"DATA_DIR": str(tmp_path / "d"), "AIRFLOW_HOME": str(tmp_path / "a")}
    done = _enter("true", **{name: value}, **folders)
    assert done.returncode == 2 and value in done.stderr and "; set " in done.stderr
