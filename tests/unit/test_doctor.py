"""The doctor finds what would fail later, in plain sentences, and says what helps."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from tests.web_server import Asked, serving
from trainer.cli import app
from trainer.config.settings import Settings
from trainer.health import disk as disks
from trainer.health import network
from trainer.health.doctor import examine, headline
from trainer.health.finding import Finding
from trainer.runs.record import RunRecord, write_record
from trainer.staging.clock import iso
from trainer.staging.paths import DataDir
from trainer.state.store import note_published
from trainer.upkeep.file_system import FileSystem

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEY = "canary-of-a-key"


def found(root: Path, **more) -> dict[str, Finding]:
    more = {"online": False} | more
    return {one.name: one for one in examine(Settings.load(root), NOW, **more)}


def test_every_finding_that_is_not_well_says_what_helps(tmp_path):
    for root in (tmp_path, tmp_path / "not there"):
        for one in found(root).values():
            assert one.text and (one.help or one.level in ("ok", "skipped")), one


def test_a_disk_that_is_nearly_full(tmp_path, monkeypatch):
    monkeypatch.setattr(disks, "_FEW_BYTES", 10**20)
    monkeypatch.setattr(disks, "_FEW_INODES", 10**20)
    findings = found(tmp_path)
    assert findings["disk"].level == "warning" and "GB free" in findings["disk"].text
    assert findings["inodes"].level in ("warning", "ok")


def test_what_the_file_system_lacks(tmp_path, monkeypatch):
    lacks = FileSystem(hard_links=False, symlinks=False, locks=False)
    monkeypatch.setattr(disks, "try_file_system", lambda _root: lacks)
    findings = found(tmp_path)
    assert findings["symbolic links"].level == findings["file locks"].level == "bad"
    assert findings["hard links"].level == "warning"
    monkeypatch.setattr(disks, "try_file_system", lambda _root: FileSystem(writes="denied"))
    assert "chown -R" in found(tmp_path)["write rights"].help
    assert found(tmp_path, reader=True)["write rights"].level == "skipped"


def test_a_clock_that_is_behind_the_last_run(tmp_path):
    run = DataDir(tmp_path).run("r")
    ahead = iso(NOW + timedelta(days=3))
    write_record(run, RunRecord(id="r", started_at=ahead, status="completed"))
    assert found(tmp_path)["clock"].level == "bad"


def test_state_lists_configuration_and_release(tmp_path):
    note_published(tmp_path / "state.db", "r", "20261101_000000", "2026.11.01", iso(NOW))
    assert found(tmp_path)["state.db"].level == "ok"
    (tmp_path / "state.db").write_bytes(b"garbage" * 1000)
    (tmp_path / "exclusions.yaml").write_bytes(b"\xff")
    (tmp_path / "gate.yaml").write_text("default: {min_faces: many}")
    (tmp_path / "releases").mkdir()
    (tmp_path / "releases" / "current").symlink_to("20261101_000000")
    findings = found(tmp_path)
    for name in ("state.db", "exclusions.yaml", "configuration", "release"):
        assert findings[name].level == "bad" and findings[name].help, name


def test_keys_are_named_and_never_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("STASHDB_API_KEY", KEY)
    keys = found(tmp_path)["keys"]
    assert keys.level == "warning" and "FANSDB_API_KEY" in keys.text
    assert "STASHDB_API_KEY" not in keys.text
    assert KEY not in " ".join(one.line() for one in found(tmp_path).values())


def test_a_gpu_that_is_asked_for_and_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINER_DEVICE", "cuda")
    monkeypatch.setattr("shutil.which", lambda _name: None)
    assert found(tmp_path)["GPU"].level == "bad"


def test_a_docker_daemon_that_is_not_there(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINER_EMBEDDER", "docker")
    monkeypatch.setenv("TRAINER_DOCKER_URL", f"unix://{tmp_path}/none.sock")
    assert found(tmp_path)["Docker"].level == "bad"


def box(answer: int, robots: str, refuses: bool = False):
    def respond(asked: Asked):
        if asked.path == "/robots.txt":
            return answer, {"Content-Type": "text/plain"}, robots.encode()
        assert asked.headers["apikey"] == KEY
        body = '{"errors": [{"message": "not authorized"}]}' if refuses else '{"data": {}}'
        return 200, {"Content-Type": "application/json"}, body.encode()

    return respond


@pytest.mark.parametrize(
    ("responder", "level", "said"),
    [
        (box(404, ""), "ok", "takes the key"),
        (box(200, "User-agent: *\nDisallow: /"), "bad", "robots.txt does not allow"),
        (box(503, ""), "warning", "answers 503"),
        (box(404, "", refuses=True), "bad", "refuses the key"),
    ],
)
def test_sources_are_asked_with_their_keys(tmp_path, monkeypatch, responder, level, said):
    monkeypatch.setenv("TRAINER_ALLOW_PRIVATE_HOSTS", "1")
    monkeypatch.setenv("STASHDB_API_KEY", KEY)
    with serving(responder) as base:
        (tmp_path / "sources.yaml").write_text(
            f"stashdb: {{base_url: '{base}'}}\n"
            + "".join(f"{k}: {{enabled: false}}\n" for k in ("fansdb", "javstash", "pmvstash"))
            + "theporndb: {enabled: false}\n"
        )
        one = found(tmp_path, online=True)["source stashdb"]
    assert one.level == level and said in one.text and KEY not in one.line()


def test_browsers_and_airflow(tmp_path, monkeypatch):
    monkeypatch.setenv("TRAINER_ALLOW_PRIVATE_HOSTS", "1")
    health = {"metadatabase": {"status": "healthy"}, "scheduler": {"status": "unhealthy"}}

    def respond(asked: Asked):
        if asked.path.startswith("/api/v2"):
            return 200, {}, json.dumps(health).encode()
        return 200, {}, b'{"msg": "FlareSolverr is ready!"}'

    with serving(respond) as base:
        monkeypatch.setenv("FLARESOLVERR_URL", base)
        monkeypatch.setenv("CHROME_CDP_URL", base)
        for name, value in (("API", base), ("USER", "a"), ("PASSWORD", KEY)):
            monkeypatch.setenv(f"TRAINER_AIRFLOW_{name}", value)
        settings = Settings.load(tmp_path)
        findings = {one.name: one for one in network.network(settings)}
    assert findings["FlareSolverr"].level == "ok"
    assert findings["Chrome"].level == "warning" and "something else" in findings["Chrome"].text
    assert "not healthy: scheduler" in findings["Airflow"].text
    assert all(base not in one.line() for one in findings.values())


def test_deep_reads_every_file(tmp_path):
    (tmp_path / "faces" / "p").mkdir(parents=True)
    (tmp_path / "faces" / "p" / "part-1.parquet").write_bytes(b"x")
    findings = list(examine(Settings.load(tmp_path), NOW, online=False, deep=True))
    assert any(f.name == "files" and f.level == "bad" for f in findings)


def test_the_command_says_it_by_exit_code_and_as_json(tmp_path):
    given = ["doctor", "--offline", "--data-dir", str(tmp_path)]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 1 and re.search(r"\d things are wrong", done.stdout)
    rows = json.loads(CliRunner().invoke(app, [*given, "--json"]).stdout)
    assert {row["level"] for row in rows} <= {"ok", "warning", "bad", "skipped"}
    assert headline([Finding("a", "ok", "b")]) == "all is well"


def test_the_page_shows_what_is_wrong_first(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    page = AppTest.from_string(
        "from reports.app_pages import health\nhealth.show()", default_timeout=60
    ).run()
    assert not page.exception
    said = page.error[0].value.replace("\\", "")
    assert said.startswith("**contact**: no build starts without one \u2192 set TRAINER_CONTACT")
    assert "`trainer backup`" in page.warning[-1].value
    assert "well" in page.table[0].value["State"].tolist()
    assert page.title[0].value == "Health"
