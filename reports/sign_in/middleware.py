"""Asks for a password before anything of the reports is served: pages, downloads, web sockets."""

from __future__ import annotations

from urllib.parse import parse_qs, quote, urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from reports.sign_in.page import page
from reports.sign_in.sessions import ATTEMPTS, COOKIE, SECONDS, SESSIONS, has_passwords, role_for
from trainer.config.settings import Settings

SIGN_IN, SIGN_OUT, HEALTH = "/sign-in", "/sign-out", "/_stcore/health"
_LONGEST = 4096  # bytes of a form


class SignIn:
    """Without a password in the settings, everything passes. They are read for every request where
    they are not given."""

    def __init__(self, app: ASGIApp, settings: Settings | None = None) -> None:
        self._app = app
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        settings = self._settings or Settings.load()
        asked = HTTPConnection(scope)
        token = asked.cookies.get(COOKIE)
        if not has_passwords(settings) or asked.url.path == HEALTH:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            if SESSIONS.role(token) and _same_origin(asked):
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 4403})
        elif asked.url.path in (SIGN_IN, SIGN_OUT) or SESSIONS.role(token) is None:
            answer = await _answer(Request(scope, receive), settings, token)
            await answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)


async def _answer(request: Request, settings: Settings, token: str | None) -> Response:
    """To who has not signed in, or wants to, or no more."""
    if request.url.path == SIGN_OUT:
        SESSIONS.end(token)
        answer = RedirectResponse(SIGN_IN, 303)
        answer.delete_cookie(COOKIE)
        return answer
    if request.url.path != SIGN_IN:
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            return RedirectResponse(f"{SIGN_IN}?next={quote(wanted, safe='')}", 303)
        return PlainTextResponse("Sign in first.", 401)
    if request.method == "POST":
        return await _tried(request, settings)
    return HTMLResponse(page(), headers={"Cache-Control": "no-store"})


async def _tried(request: Request, settings: Settings) -> Response:
    address = request.client.host if request.client else ""
    if not _same_origin(request):
        return HTMLResponse(page("This form was sent from another site; sign in here."), 403)
    if wait := ATTEMPTS.seconds_left(address):
        said = f"Too many wrong passwords; wait {wait} s, then try again."
        return HTMLResponse(page(said), 429, headers={"Retry-After": f"{wait}"})
    role = role_for(settings, await _password(request))
    if role is None:
        ATTEMPTS.wrong(address)
        return HTMLResponse(page("This is not the password; try again."), 401)
    ATTEMPTS.right(address)
    answer = RedirectResponse(_next(request), 303)
    answer.set_cookie(
        COOKIE,
        SESSIONS.begin(role),
        max_age=int(SECONDS),
        httponly=True,
        samesite="lax",
        secure=_is_secure(request),
    )
    return answer


async def _password(request: Request) -> str:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST:
            return ""
    return parse_qs(body.decode(errors="replace")).get("password", [""])[0]


def _next(request: Request) -> str:
    """Where the person wanted to go: a path of ours, and nothing else."""
    wanted = request.query_params.get("next", "/")
    parsed = urlsplit(wanted)
    ours = wanted.startswith("/") and not parsed.netloc and not parsed.scheme
    return wanted if ours and "\\" not in wanted and "//" not in wanted[:2] else "/"


def _same_origin(asked: HTTPConnection) -> bool:
    """Browsers name the page that sends a form or opens a socket; other sites' are refused."""
    if site := asked.headers.get("sec-fetch-site"):
        return site in ("same-origin", "none")
    origin = asked.headers.get("origin")
    return not origin or urlsplit(origin).netloc == asked.headers.get("host", "")


def _is_secure(request: Request) -> bool:
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", ""))
