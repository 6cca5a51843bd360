"""The front page: a real nginx before two stand-ins."""

from __future__ import annotations

import shutil
import socket
import stat
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from tests.waiting import DEADLINE, wait_for
from tests.web_server import Asked, serving
from trainer.config.groups.container import ContainerSettings
from trainer.errors import ConfigError
from trainer.services.front_page import configuration, front_page

PASSWORD = "the-right-one"  # noqa: S105 - of a page that lives for seconds
needs_nginx = pytest.mark.skipif(not shutil.which("nginx"), reason="nginx is not here")


def _port() -> int:
    """A free port whose lower neighbour is free too, for the health check."""
    for _ in range(50):
        with socket.socket() as one, socket.socket() as other:
            one.bind(("127.0.0.1", 0))
            number = int(one.getsockname()[1])
            try:
                other.bind(("127.0.0.1", number - 1))
            except OSError:
                continue
            return number
    raise AssertionError("no two free ports in a row")


class Site:
    """What the stand-ins were asked, and where the front page is."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[Asked] = []

    def get(self, path: str = "/", password: str | None = None, **options) -> requests.Response:
        auth = ("admin", password) if password else None
        return requests.get(self.url + path, auth=auth, timeout=DEADLINE, verify=False, **options)  # noqa: S501 - its own certificate


@contextmanager
def _running(tmp_path: Path, https: bool = False) -> Iterator[Site]:
    site = Site("")

    def answers(name: str):
        def answer(asked: Asked):
            site.asked.append(asked)
            return 200, {"Content-Type": "text/plain"}, name.encode()

        return answer

    with serving(answers("airflow")) as airflow, serving(answers("reports")) as reports:
        port = _port()
        chosen = ContainerSettings(
            front_port=port,
            front_airflow=airflow.removeprefix("http://"),
            front_reports=reports.removeprefix("http://"),
            https=https,
        )
        service = front_page(chosen, PASSWORD, tmp_path)
        site.url = f"{'https' if chosen.https else 'http'}://127.0.0.1:{port}"
        with subprocess.Popen(service.argv, env=dict(service.environment or {})) as nginx:
            try:
                wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0)
                yield site
            finally:
                nginx.terminate()
                nginx.wait(DEADLINE)
                shutil.rmtree(Path(service.argv[2]).parent)


@pytest.fixture
def site(tmp_path) -> Iterator[Site]:
    with _running(tmp_path) as found:
        yield found


@needs_nginx
def test_nothing_is_shown_before_the_sign_in(site):
    for path in ("/", "/airflow/", "/airflow/api/v2/dags", "/_stcore/health"):
        assert site.get(path).status_code == 401
    assert site.get("/", "the-wrong-one").status_code in (401, 429)
    assert site.asked == []


@needs_nginx
def test_one_sign_in_leads_to_the_reports_and_to_airflow(site):
    first = site.get("/", PASSWORD)
    cookie = first.headers["Set-Cookie"]
    assert first.text == "reports" and "HttpOnly" in cookie and "SameSite=Lax" in cookie
    jar = first.cookies
    for _ in range(30):  # who has signed in is not slowed down
        assert site.get("/airflow/api/v2/dags", cookies=jar).text == "airflow"
    assert site.asked[-1].path == "/airflow/api/v2/dags"
    assert "Set-Cookie" not in site.get("/", cookies=jar).headers
    assert site.get("/", cookies={"stash_sense_session": "guessed"}).status_code in (401, 429)


@needs_nginx
def test_guesses_are_slowed_down_right_ones_as_well(site):
    answers = [site.get("/", "guess", headers={"Connection": "close"}).status_code for _ in "1234"]
    assert answers == [401] * 4
    with pytest.raises(requests.Timeout):  # the sixth waits for its second, the next for its own
        for _ in range(6):
            requests.get(site.url, auth=("admin", PASSWORD), timeout=0.7)


@needs_nginx
def test_the_password_goes_no_further_and_a_token_does(site):
    jar = site.get("/", PASSWORD).cookies
    assert "authorization" not in site.asked[-1].headers
    site.get("/airflow/x", cookies=jar, headers={"Authorization": "Bearer abc"})
    assert site.asked[-1].headers["authorization"] == "Bearer abc"


@needs_nginx
def test_another_site_changes_nothing_and_the_tasks_api_is_not_published(site):
    jar = site.get("/", PASSWORD).cookies
    before = len(site.asked)
    foreign = {"Sec-Fetch-Site": "cross-site"}
    posted = requests.post(f"{site.url}/airflow/x", cookies=jar, headers=foreign, timeout=DEADLINE)
    assert posted.status_code == 403
    assert site.get("/airflow/execution/health", cookies=jar).status_code == 404
    assert len(site.asked) == before


@needs_nginx
def test_security_headers_stand_on_every_answer(site):
    for answer in (site.get("/"), site.get("/", PASSWORD)):
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Server"] == "nginx"


@needs_nginx
@pytest.mark.filterwarnings("ignore:Unverified HTTPS request")
def test_https_has_a_certificate_that_is_made_once(tmp_path):
    for _ in range(2):
        with _running(tmp_path, https=True) as site:
            answer = site.get("/", PASSWORD)
            assert answer.text == "reports" and "Secure" in answer.headers["Set-Cookie"]
        key = tmp_path / "keys" / "front-page.key"
        made = key.stat().st_mtime_ns
        assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert key.stat().st_mtime_ns == made


def test_half_a_certificate_and_a_missing_one_say_what_to_do(tmp_path):
    there = tmp_path / "cert.pem"
    there.touch()
    half = ContainerSettings(tls_certificate=there)
    with pytest.raises(ConfigError, match="set TRAINER_TLS_CERTIFICATE and TRAINER_TLS_KEY"):
        configuration(half, tmp_path, tmp_path)
    gone = ContainerSettings(tls_certificate=there, tls_key=tmp_path / "none.pem")
    with pytest.raises(ConfigError, match=r"none\.pem: no such file; correct the path"):
        configuration(gone, tmp_path, tmp_path)


def test_names_of_other_containers_are_looked_up_again(tmp_path, monkeypatch):
    file = tmp_path / "resolv.conf"
    file.write_text("search lan\nnameserver 127.0.0.11\n")
    monkeypatch.setattr("trainer.services.front_page.RESOLV_CONF", file)
    named = ContainerSettings(front_airflow="api-server:8081")
    assert "resolver 127.0.0.11 valid=10s" in configuration(named, tmp_path, tmp_path)
    assert "resolver" not in configuration(ContainerSettings(), tmp_path, tmp_path)
