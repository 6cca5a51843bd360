"""Starting and stopping builds: the client against a small Airflow on loopback, and the page."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from reports.actions import airflow as actions
from reports.actions.role import NotAllowed
from tests.unit.identity_world import SOURCES, IdentityWorld
from tests.waiting import wait_for
from trainer.cli import app
from trainer.errors import ConfigError
from trainer.services.airflow_api import Airflow, AirflowError, Login, read_login

SECRET = "hush-hush"  # noqa: S105 - invented
RUN = "manual__2026-11-28T10:00:00+00:00"
PREFIX = "/api/v2/dags/build_performer_database"


class _Handler(BaseHTTPRequestHandler):
    server: FakeAirflow

    def do_POST(self):
        server = self.server
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else None
        server.asked.append((self.command, self.path, body))
        if self.path == "/auth/token":
            good = body == {"username": "ada", "password": server.password}
            server.tokens += good
            self._answer(201 if good else 401, {"access_token": f"token-{server.tokens}"})
        elif self.headers.get("Authorization") not in server.valid():
            self._answer(401, {"detail": "no"})
        else:
            self._answer(*server.answers.get((self.command, self.path.split("?")[0]), (404, {})))

    do_GET = do_PATCH = do_POST

    def _answer(self, status, content):
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(raw)))
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_):
        pass


class FakeAirflow(ThreadingHTTPServer):
    """Answers what it is told to; `oldest` is the first token that is still valid."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.password, self.tokens, self.oldest = SECRET, 0, 1
        self.asked: list[tuple[str, str, Any]] = []
        runs = [{"dag_run_id": RUN, "state": "running", "start_date": "2026-11-28T10:00:00Z"}]
        self.answers: dict[tuple[str, str], tuple[int, Any]] = {
            ("POST", f"{PREFIX}/dagRuns"): (200, {"dag_run_id": RUN}),
            ("GET", f"{PREFIX}/dagRuns"): (200, {"dag_runs": runs}),
            ("GET", PREFIX): (200, {"is_paused": False, "next_dagrun_run_after": "2026-11-29"}),
            ("PATCH", f"{PREFIX}/dagRuns/manual__2026-11-28T10%3A00%3A00%2B00%3A00"): (200, {}),
        }

    def valid(self):
        return {f"Bearer token-{n}" for n in range(self.oldest, self.tokens + 1)}

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def fake():
    server = FakeAirflow()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def operator(monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")
    for name in ("API", "USER", "PASSWORD", "LOGIN"):
        monkeypatch.delenv(f"TRAINER_AIRFLOW_{name}", raising=False)


def client(fake, password=SECRET):
    return Airflow(Login(fake.url, "ada", password), seconds=5)


def test_a_build_is_started_with_checked_parameters(fake):
    assert actions.start(client(fake), {"sources": ["boxone"]}, ["boxone"]) == RUN
    body = fake.asked[-1][2]
    assert body["logical_date"] is None
    assert body["conf"]["sources"] == ["boxone"]
    assert body["conf"]["max_faces_total"] == 12
    asked = len(fake.asked)
    for bad in ({"sources": ["nowhere"]}, {"max_faces_total": 0}, {"other": 1}):
        with pytest.raises(ConfigError, match="bad parameters"):
            actions.start(client(fake), bad, ["boxone"])
    assert len(fake.asked) == asked


def test_a_run_is_stopped_and_the_answer_says_how_to_go_on(fake):
    said = actions.stop(client(fake), RUN)
    assert fake.asked[-1][0] == "PATCH"
    assert fake.asked[-1][1].endswith("?update_mask=state")
    assert fake.asked[-1][2] == {"state": "failed"}
    assert "the next build goes on from there" in said


def test_what_runs_and_when_the_next_build_is(fake):
    airflow = client(fake)
    assert airflow.running()[0]["id"] == RUN
    assert airflow.next_run() == "2026-11-29"
    fake.answers["GET", PREFIX] = (200, {"is_paused": True})
    assert airflow.next_run() is None


def test_an_old_token_is_renewed_once(fake):
    airflow = client(fake)
    airflow.running()
    fake.oldest = 2
    airflow.running()
    assert fake.tokens == 2


def test_a_viewer_starts_and_stops_nothing(fake, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    for act in (
        lambda: actions.start(client(fake), {}, []),
        lambda: actions.stop(client(fake), RUN),
    ):
        with pytest.raises(NotAllowed):
            act()
    assert fake.asked == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((500, {"detail": f"boom {SECRET} token-1"}), "Airflow answered 500: boom"),
        ((403, {}), "give the user the role Op"),
        ((404, {}), "knows no such run"),
        ((302, {}), "Airflow answered 302"),
        ((200, b"<html>"), "not Airflow's API"),
        ((200, [1]), "not Airflow's API v2"),
        ((200, {"other": 1}), "not Airflow's API v2"),
    ],
)
def test_refusals_are_sentences_without_secrets(fake, answer, said):
    fake.answers["GET", f"{PREFIX}/dagRuns"] = answer
    airflow = client(fake)
    with pytest.raises(AirflowError, match=said) as caught:
        airflow.running()
    assert SECRET not in str(caught.value)
    assert "token-" not in str(caught.value)


def test_a_wrong_password_and_an_airflow_that_is_down_are_told_apart(fake):
    with pytest.raises(AirflowError, match="user or password") as caught:
        client(fake, "wrong-one").running()
    assert "wrong-one" not in str(caught.value)
    with pytest.raises(AirflowError, match="does not answer; start it"):
        Airflow(Login("http://127.0.0.1:1", "ada", SECRET), seconds=2).running()
    assert SECRET not in repr(Login("http://x", "ada", SECRET))


def test_the_sign_in_comes_whole_from_the_environment_or_a_private_file(tmp_path):
    assert read_login({}) is None
    names = ("TRAINER_AIRFLOW_API", "TRAINER_AIRFLOW_USER", "TRAINER_AIRFLOW_PASSWORD")
    values = ("http://localhost:8080/", "ada", SECRET)
    whole = dict(zip(names, values, strict=True))
    assert read_login(whole) == Login("http://localhost:8080", "ada", SECRET)
    for name in names:
        with pytest.raises(ConfigError) as caught:
            read_login(whole | {name: ""})
        assert SECRET not in str(caught.value)
    for url in ("localhost", "ftp://x", "http://ada:pw@x", "http://[", "http://x:0"):
        with pytest.raises(ConfigError, match="is not one"):
            read_login(whole | {names[0]: url})
    path = tmp_path / "login.json"
    path.write_text(json.dumps(dict(zip(("url", "user", "password"), values, strict=True))))
    given = {"TRAINER_AIRFLOW_LOGIN": str(path)}
    path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        read_login(given)
    path.chmod(0o600)
    assert read_login(given) == Login("http://localhost:8080", "ada", SECRET)
    for bad in ("{", "[]", '{"url": 1}', SECRET):
        path.write_text(bad)
        with pytest.raises(ConfigError, match="write a JSON object") as caught:
            read_login(given)
        assert SECRET not in str(caught.value)


def test_costs_come_from_the_last_good_crawl(tmp_path, monkeypatch):
    world = IdentityWorld(tmp_path)
    row = type("Row", (), {"live_performers": 101})
    known = {"boxone": row, "surely": row}
    monkeypatch.setattr("reports.actions.airflow.read_snapshots", lambda _path: known)
    found = {c.source: c for c in actions.costs(world.data, SOURCES, [], images=True)}
    assert found["boxone"].requests == 5 + 101
    assert found["boxone"].minutes == pytest.approx(106 / 60)
    assert found["surely"].requests == 202  # a page and an image each
    assert found["maybe"].requests is None
    (only,) = actions.costs(world.data, SOURCES, ["surely"], images=False)
    assert only.requests == 101


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    source = "from reports.app_pages import new_build\nnew_build.show()"
    return AppTest.from_string(source, default_timeout=60)


def test_without_airflow_the_page_says_how_and_gives_the_command(page):
    page.run()
    assert not page.exception, page.exception[0].value
    assert "No Airflow is configured" in page.info[0].value
    assert page.code[0].value == "trainer build"
    page.checkbox(key="full_refresh").check()
    page.number_input(key="min_faces").set_value(3).run()
    assert page.code[0].value == (
        """trainer build --conf '{"full_refresh": true, "min_faces": 3}'"""
    )


def choose_source(page, key):
    """Choose it, and wait until the page shows its cost alone: a click sends what is shown."""
    page.multiselect(key="sources").set_value([key]).run()
    wait_for(lambda: page.run().dataframe[0].value["Source"].tolist() == [key], 20)
    assert page.multiselect(key="sources").value == [key]


def test_the_page_starts_and_stops_a_build(page, fake, monkeypatch):
    monkeypatch.setenv("TRAINER_AIRFLOW_API", fake.url)
    monkeypatch.setenv("TRAINER_AIRFLOW_USER", "ada")
    monkeypatch.setenv("TRAINER_AIRFLOW_PASSWORD", SECRET)
    page.run()
    choose_source(page, "stashdb")
    next(b for b in page.button if b.label == "Start build").click().run()
    assert not page.exception, page.exception[0].value
    assert "is started" in page.success[0].value
    started = next(body for method, _, body in fake.asked if method == "POST" and "conf" in body)
    assert started["conf"]["sources"] == ["stashdb"]
    next(b for b in page.button if b.label == "Stop").click().run()
    assert "is being stopped" in page.success[0].value
    everything = str([e.value for e in [*page.markdown, *page.success, *page.caption]])
    assert SECRET not in everything


def test_a_viewer_sees_no_form(page, monkeypatch):
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "viewer")
    page.run()
    assert not page.button
    assert not page.multiselect


def test_the_terminal_says_when_the_next_build_is(tmp_path, fake, monkeypatch):
    monkeypatch.setenv("TRAINER_AIRFLOW_API", fake.url)
    monkeypatch.setenv("TRAINER_AIRFLOW_USER", "ada")
    monkeypatch.setenv("TRAINER_AIRFLOW_PASSWORD", SECRET)
    ask = ["status", "--data-dir", str(tmp_path)]
    assert CliRunner().invoke(app, ask).stdout.strip() == "idle, next build 2026-11-29"
    fake.password = "another"  # noqa: S105 - invented
    done = CliRunner().invoke(app, ask)
    assert done.exit_code == 0
    assert done.stdout.startswith("idle\nAirflow does not know this user or password")
    assert SECRET not in done.stdout
