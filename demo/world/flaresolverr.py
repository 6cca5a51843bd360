"""A look-alike of FlareSolverr on loopback: API version 1, without a browser.

`python -m demo.world.flaresolverr --port 8191`, or in a test `with FlareSolverr() as service: ...`
It asks for pages itself and answers as the real one does, its failures included.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final, Literal, Self
from urllib.parse import urlsplit

from demo.world.serving import serve_until_signal

HOST: Final = "127.0.0.1"
USER_AGENT: Final = "Mozilla/5.0 (X11; Linux x86_64) look-alike/3"
CLEARANCE: Final = ("demo_clearance", "seen-by-the-look-alike")
BARRED: Final = (
    "Error: Error solving the challenge. Cloudflare has blocked this request. "
    "Probably your IP is banned for this site, check in your web browser."
)
Trouble = Literal["timeout", "error", "barred", "not_json", "no_page", "slow", "lost_session"]


@dataclass
class Call:
    """One command, as the log keeps it."""

    cmd: str
    url: str | None
    session: str | None
    authorization: str | None


class _Session:
    """Cookies of one browser; the site is told that a person has passed its check."""

    def __init__(self) -> None:
        self.jar = CookieJar()
        self.opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.jar)
        )

    def visit(self, url: str, seconds: float) -> tuple[int, str, str]:
        """Status, final URL and text. The clearance cookie goes along, whoever asks for it."""
        request = urllib.request.Request(url, headers={"User-Agent": USER_AGENT})  # noqa: S310
        self.jar.add_cookie_header(request)
        own = "=".join(CLEARANCE)
        held = request.get_header("Cookie")
        request.add_unredirected_header("Cookie", f"{held}; {own}" if held else own)
        try:
            answer = self.opener.open(request, timeout=seconds)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            return answer.status, answer.url, answer.read().decode("utf-8", "replace")

    def cookies(self, url: str) -> list[dict[str, Any]]:
        """As WebDriver lists them: without `expiry` where they last for the session."""
        host = urlsplit(url).hostname or ""
        name, value = CLEARANCE
        kept = [{"name": c.name, "value": c.value, "domain": c.domain} for c in self.jar]
        shared = {"path": "/", "secure": False, "httpOnly": True, "sameSite": "Lax"}
        kept.append({"name": name, "value": value, "domain": host})
        return [{**cookie, **shared} for cookie in kept]


class FlareSolverr:
    """`troubles` are used up, one per page, then all is well. `tells_status`: as versions before 3,
    which knew the page's own status; later ones say 200 and give no headers."""

    def __init__(self, port: int = 0, tells_status: bool = False, slow_seconds: float = 2) -> None:
        self.log: list[Call] = []
        self.troubles: list[Trouble] = []
        self.sessions: dict[str, _Session] = {}
        self.tells_status = tells_status
        self.slow_seconds = slow_seconds
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((HOST, port), _handler(self))
        self._server.daemon_threads = True
        self.port: int = self._server.server_address[1]
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """What FLARESOLVERR_URL is set to."""
        return f"http://{HOST}:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve, name="flaresolverr", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def serve(self) -> None:
        """Answer requests until `stop` is called."""
        try:
            self._server.serve_forever(poll_interval=0.05)
        finally:
            self._server.server_close()

    def stop(self) -> None:
        """End `serve`; call it from another thread."""
        self._server.shutdown()

    def restart(self) -> None:
        """All sessions are lost, as they are when the container is started anew."""
        with self._lock:
            self.sessions.clear()

    # --- answering, called by the handler's threads ----------------------------------------------

    def answer(self, message: Mapping[str, Any], authorization: str | None) -> tuple[int, bytes]:
        """HTTP status and body for a command."""
        command = str(message.get("cmd"))
        with self._lock:
            self.log.append(
                Call(command, message.get("url"), message.get("session"), authorization)
            )
            trouble = self.troubles.pop(0) if command == "request.get" and self.troubles else None
        if trouble == "not_json":
            return 502, b"<html><body>bad gateway</body></html>"
        known: dict[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "sessions.create": self._create,
            "sessions.list": lambda _: {"message": "", "sessions": list(self.sessions)},
            "sessions.destroy": self._destroy,
            "request.get": lambda message: self._get(message, trouble),
        }
        try:
            if command not in known:
                raise _Refused(f"Error: Request parameter 'cmd' = '{command}' is invalid.")
            status, body = 200, {"status": "ok", **known[command](message)}
        except _Refused as refused:
            status, body = 500, {"status": "error", "message": str(refused)}
        return status, json.dumps({**body, "version": "3.4.0"}).encode()

    def _create(self, message: Mapping[str, Any]) -> dict[str, Any]:
        name = str(message.get("session") or f"session-{len(self.log)}")
        with self._lock:
            there = name in self.sessions
            self.sessions.setdefault(name, _Session())
        said = "Session already exists." if there else "Session created successfully."
        return {"message": said, "session": name}

    def _destroy(self, message: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            if self.sessions.pop(str(message.get("session")), None) is None:
                raise _Refused("Error: The session doesn't exist.")
        return {"message": "The session has been removed."}

    def _get(self, message: Mapping[str, Any], trouble: Trouble | None) -> dict[str, Any]:
        seconds = int(message.get("maxTimeout") or 60_000) / 1000
        if trouble == "timeout":
            raise _Refused(f"Error: Error solving the challenge. Timeout after {seconds} seconds.")
        if trouble == "error":
            raise _Refused("Error: Error solving the challenge. tab crashed")
        if trouble == "barred":
            raise _Refused(BARRED)
        name = message.get("session")
        if trouble == "lost_session":
            self.restart()
            raise _Refused("Error: This session does not exist.")
        if trouble == "slow":
            time.sleep(self.slow_seconds)
        with self._lock:
            # The real one makes a session of that name where there is none.
            session = self.sessions.setdefault(str(name), _Session()) if name else _Session()
        return self._visited(session, str(message.get("url")), seconds, trouble)

    def _visited(
        self, session: _Session, url: str, seconds: float, trouble: Trouble | None
    ) -> dict[str, Any]:
        try:
            status, final, text = session.visit(url, seconds)
        except OSError as error:
            raise _Refused(f"Error: Error solving the challenge. {error}") from None
        if trouble == "no_page":
            text = '<html><body class="neterror"><div id="main-frame-error"></div></body></html>'
        return {
            "message": "Challenge not detected!",
            "solution": {
                "url": final,
                "status": status if self.tells_status else 200,
                "headers": {},
                "response": text,
                "cookies": session.cookies(final),
                "userAgent": USER_AGENT,
            },
        }


class _Refused(Exception):
    """An error as the service words it."""


def _handler(service: FlareSolverr) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.path != "/v1":
                self._send(404, b'{"error": "Not found"}')
                return
            try:
                message = json.loads(body)
            except ValueError:
                self._send(500, b'{"error": "Invalid JSON"}')
                return
            self._send(*service.answer(message, self.headers.get("Authorization")))

        def do_GET(self) -> None:
            ready = {"msg": "FlareSolverr is ready!", "version": "3.4.0", "userAgent": USER_AGENT}
            self._send(200, json.dumps(ready).encode())

        def _send(self, status: int, body: bytes) -> None:
            try:
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the client did not wait

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing on stderr."""

    return Handler


def main(argv: list[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C; return the exit status."""
    parser = argparse.ArgumentParser(prog="demo.world.flaresolverr", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    service = FlareSolverr(port=parser.parse_args(argv).port)

    said = f"FlareSolverr's look-alike at {service.url}"
    serve_until_signal(said, service.serve, service.stop)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
