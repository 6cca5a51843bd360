"""Sign-in to the reports: passwords before all that is served."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Message
from streamlit.testing.v1 import AppTest

from reports.actions import role as roles
from reports.actions.role import NotAllowed, require_operator, role
from reports.sign_in import middleware, sessions
from reports.sign_in.sessions import COOKIE, Attempts, Sessions
from tests.unit.reports_visit import APP

OPERATOR, VIEWER = "hush-operator", "hush-viewer"
HTML = {"accept": "text/html"}
BASE = "http://tower:8501"


@pytest.fixture(autouse=True)
def passwords(monkeypatch, tmp_path):
    monkeypatch.setenv("DATA_DIR", str(tmp_path))
    monkeypatch.setenv("TRAINER_REPORTS_PASSWORD", OPERATOR)
    monkeypatch.setenv("TRAINER_REPORTS_VIEWER_PASSWORD", VIEWER)
    for name in ("SESSIONS", "ATTEMPTS"):
        fresh = getattr(sessions, name).__class__()
        monkeypatch.setattr(middleware, name, fresh)
        if name == "SESSIONS":
            monkeypatch.setattr(roles, name, fresh)


async def _page(request: Request) -> Response:
    return PlainTextResponse("the pages")


PATHS = ("/", "/download/x", "/_stcore/health", "/_stcore/upload_file")
SERVED = Starlette(
    routes=[Route(path, _page, methods=["GET", "POST"]) for path in PATHS],
    middleware=[Middleware(middleware.SignIn)],
)


def ask(method, path, token=None, password=None, **headers):
    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app=SERVED)
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            data = None if password is None else {"password": password}
            if token:
                client.cookies.set(COOKIE, token)
            return await client.request(method, path, data=data, headers=headers)

    return asyncio.run(asked())


def signed_in(password):
    answer = ask("POST", "/sign-in", password=password)
    assert answer.status_code == 303
    return answer.cookies[COOKIE]


def test_nothing_is_served_before_one_signs_in():
    answer = ask("GET", "/?run_id=a", **HTML)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/sign-in?next=%2F%3Frun_id%3Da"
    for method, path in (("GET", "/download/x"), ("POST", "/_stcore/upload_file"), ("POST", "/")):
        assert ask(method, path).status_code == 401
    assert ask("GET", "/", token="invented").status_code == 401  # noqa: S106
    assert ask("GET", "/_stcore/health").text == "the pages"
    assert 'type="password"' in ask("GET", "/sign-in").text


@pytest.mark.parametrize("password", [OPERATOR, VIEWER])
def test_a_password_opens_the_pages_until_one_signs_out(password):
    answer = ask("POST", "/sign-in?next=%2Frun%3Frun_id%3Da", password=password)
    assert answer.headers["location"] == "/run?run_id=a"
    flags = answer.headers["set-cookie"].lower()
    assert "httponly" in flags
    assert "samesite=lax" in flags
    assert password not in flags
    token = answer.cookies[COOKIE]
    assert ask("GET", "/", token).text == "the pages"
    assert ask("GET", "/sign-out", token).headers["location"] == "/sign-in"
    assert ask("GET", "/", token).status_code == 401


def test_the_cookie_is_for_https_where_the_front_page_speaks_it():
    answer = ask("POST", "/sign-in", password=OPERATOR, **{"x-forwarded-proto": "https"})
    assert "secure" in answer.headers["set-cookie"].lower()


def test_wrong_passwords_are_slowed_down():
    for _ in range(sessions.FREE_TRIES):
        assert ask("POST", "/sign-in", password="wrong").status_code == 401  # noqa: S106
    slowed = ask("POST", "/sign-in", password=OPERATOR)
    assert slowed.status_code == 429
    assert int(slowed.headers["retry-after"]) >= 1
    assert COOKIE not in slowed.cookies


def test_the_wait_doubles_ends_and_is_for_all_addresses_together_in_the_end():
    clock = [0.0]
    attempts = Attempts(lambda: clock[0])
    waits = []
    for _ in range(12):
        attempts.wrong("a")
        waits.append(attempts.seconds_left("a"))
    assert waits[:6] == [0, 0, 1, 2, 4, 8]
    assert waits[-1] == sessions.LONGEST_WAIT
    assert attempts.seconds_left("b") == 0
    clock[0] += sessions.LONGEST_WAIT
    assert attempts.seconds_left("a") == 0
    attempts.right("a")
    attempts.wrong("a")
    assert attempts.seconds_left("a") == 0
    for n in range(10 * sessions.FREE_TRIES):
        attempts.wrong(f"address {n}")
    assert attempts.seconds_left("somebody else") > 0


def test_a_session_ends_by_itself():
    clock = [0.0]
    known = Sessions(lambda: clock[0])
    token = known.begin("viewer")
    assert known.role(token) == "viewer"
    clock[0] = sessions.SECONDS
    assert known.role(token) is None
    assert known.role(None) is known.role("") is None


@pytest.mark.parametrize(
    "wanted", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "javascript:x"]
)
def test_no_other_site_is_gone_to_after_signing_in(wanted):
    answer = ask("POST", f"/sign-in?next={wanted}", password=OPERATOR)
    assert answer.headers["location"] == "/"


def test_another_sites_form_is_refused():
    answer = ask("POST", "/sign-in", password=OPERATOR, origin="http://evil.example")
    assert answer.status_code == 403
    other = {"origin": BASE, "sec-fetch-site": "cross-site"}
    assert ask("POST", "/sign-in", password=OPERATOR, **other).status_code == 403
    assert ask("POST", "/sign-in", password=OPERATOR, origin=BASE).status_code == 303


def test_a_form_that_never_ends_is_not_read():
    assert ask("POST", "/sign-in", password="x" * 1_000_000).status_code == 401


def socket(token, origin=BASE):
    """What a web socket is told first."""
    headers = [(b"host", b"tower:8501"), (b"origin", origin.encode())]
    if token:
        headers.append((b"cookie", f"{COOKIE}={token}".encode()))
    scope = {"type": "websocket", "path": "/_stcore/stream", "headers": headers,
             "query_string": b"", "scheme": "ws", "server": ("tower", 8501)}  # fmt: skip
    said: list[Message] = []

    async def opened(_scope, _receive, send):
        await send({"type": "websocket.accept"})

    async def send(message: Message) -> None:
        said.append(message)

    async def receive() -> Message:
        return {"type": "websocket.connect"}

    asyncio.run(middleware.SignIn(opened)(scope, receive, send))
    return said[0]["type"]


def test_the_pages_socket_opens_for_who_has_signed_in_on_this_site():
    assert socket(None) == "websocket.close"
    assert socket(signed_in(VIEWER)) == "websocket.accept"
    assert socket(signed_in(VIEWER), "http://evil.example") == "websocket.close"


def test_without_passwords_everything_passes(monkeypatch):
    monkeypatch.delenv("TRAINER_REPORTS_PASSWORD")
    monkeypatch.delenv("TRAINER_REPORTS_VIEWER_PASSWORD")
    assert ask("GET", "/").text == "the pages"
    assert socket(None, "http://evil.example") == "websocket.accept"


def test_the_account_is_the_role(monkeypatch):
    for password, expected in ((OPERATOR, "operator"), (VIEWER, "viewer")):
        token = signed_in(password)
        monkeypatch.setattr(roles, "_cookie", lambda token=token: token)
        assert role() == expected
    with pytest.raises(NotAllowed, match="sign in as an operator"):
        require_operator()
    monkeypatch.setattr(roles, "_cookie", lambda: None)
    monkeypatch.setenv("TRAINER_REPORTS_ROLE", "operator")  # of those who do not have to sign in
    with pytest.raises(NotAllowed, match="has not signed in"):
        require_operator()


def app():
    at = AppTest.from_file(str(APP), default_timeout=60).run()
    assert not at.exception, at.exception[0].value
    return at


def test_pages_without_their_server_show_nothing(monkeypatch):
    assert "Sign in first" in app().info[0].value
    monkeypatch.setattr(roles, "_cookie", lambda: signed_in(VIEWER))
    at = app()
    assert at.title[0].value == "Overview"
