"""HTTP framing: reads a request, has the site behind its port answer it, writes the reply."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Final, Protocol, Self

MAX_BODY: Final = 1024 * 1024


@dataclass(frozen=True)
class HttpRequest:
    """One request. `path` with its query; the names of `headers` are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def key(self) -> str | None:
        """The API key of the request, in the header of a stash-box or of a REST API."""
        return self.headers.get("apikey") or self.headers.get("authorization") or None

    @property
    def json(self) -> dict[str, Any]:
        """The body; empty where it is no JSON mapping."""
        try:
            read = json.loads(self.body) if self.body else None
        except ValueError:
            read = None
        return read if isinstance(read, dict) else {}


@dataclass(frozen=True)
class Reply:
    """What to send. Status 0 resets the connection; `cut` sends half of the promised bytes."""

    status: int
    content: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    headers: Mapping[str, str] = field(default_factory=dict)
    late: float = 0.0  # seconds to wait before answering
    cut: bool = False

    @classmethod
    def json(cls, status: int, body: Mapping[str, Any], late: float = 0.0) -> Self:
        """Return a JSON reply."""
        content = json.dumps(body, ensure_ascii=False).encode()
        return cls(status, content, "application/json", late=late)


class Answers(Protocol):
    """What a port's handler needs of the place behind it; called from many threads."""

    def answer(self, request: HttpRequest) -> Reply:
        """Return the reply to a request."""
        ...

    def record(self, reply: Reply, request: HttpRequest) -> None:
        """Log a request with its reply."""
        ...


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive between requests."""

    protocol_version = "HTTP/1.1"
    server_version = "demo-world"
    sys_version = ""
    timeout = 60
    # Head and body leave in one packet; else each answer waits 40 ms for a delayed acknowledgement.
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True

    @property
    def place(self) -> Answers:
        """The site behind the server's port."""
        place: Answers = self.server.place  # type: ignore[attr-defined]
        return place

    def do_POST(self) -> None:
        """Answer a POST request; 413 for a body over MAX_BODY."""
        body = self._body()
        request = self._request(body or b"")
        too_large = Reply(413, b"request body too large\n")
        self._answer(request, too_large if body is None else self.place.answer(request))

    def do_GET(self) -> None:
        """Answer a GET request."""
        request = self._request(b"")
        self._answer(request, self.place.answer(request))

    def do_HEAD(self) -> None:
        """Answer as GET, without the body."""
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: the request log has it."""

    def _request(self, body: bytes) -> HttpRequest:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return HttpRequest(self.command, self.path, headers, body)

    def _body(self) -> bytes | None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return None
        return self.rfile.read(length)

    def _answer(self, request: HttpRequest, reply: Reply) -> None:
        if reply.late:
            time.sleep(reply.late)
        # Logged before it is sent: a client that has an answer finds its request in the log.
        self.place.record(reply, request)
        if reply.status == 0:
            self._reset()
            return
        try:
            self._send(reply)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the client has gone, which is its right

    def _send(self, reply: Reply) -> None:
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(reply.content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or reply.status == 304:
            self.wfile.flush()
            return
        if reply.cut:
            self.wfile.write(reply.content[: len(reply.content) // 2])
            self.close_connection = True
        else:
            self.wfile.write(reply.content)
        self.wfile.flush()

    def _reset(self) -> None:
        """RST instead of FIN: lingering off with a zero timeout."""
        self.close_connection = True
        linger = struct.pack("ii", 1, 0)
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        # The socket is duplicated by the buffered files; the last close sends the RST.
        self.rfile.close()
        self.connection.close()
