"""HTTP framing: reads a request, asks the world for a reply, writes it, tells the log."""

from __future__ import annotations

import json
import socket
import struct
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from demo.world.server import World

MAX_BODY: Final = 1024 * 1024


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
        content = json.dumps(body, ensure_ascii=False).encode()
        return cls(status, content, "application/json", late=late)


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
    def world(self) -> World:
        world: World = self.server.world  # type: ignore[attr-defined]
        return world

    def do_POST(self) -> None:
        body = self._body()
        if body is None:
            self._answer(Reply(413, b"request body too large\n"), None)
            return
        if self.path != "/graphql":
            self._answer(Reply(404, b"404 page not found\n"), None)
            return
        kind = self.headers.get("Content-Type", "")
        self._answer(self.world.graphql(body, kind, self._key()), body)

    def do_GET(self) -> None:
        if self.path.startswith("/images/"):
            image_id = self.path.removeprefix("/images/")
            self._answer(self.world.image(image_id, self.headers.get("If-None-Match")), None)
        else:
            self._answer(Reply(404, b"404 page not found\n"), None)

    def do_HEAD(self) -> None:
        self.do_GET()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on stderr: the request log has it."""

    def _key(self) -> str | None:
        return self.headers.get("ApiKey") or None

    def _body(self) -> bytes | None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MAX_BODY:
            self.close_connection = True
            return None
        return self.rfile.read(length)

    def _answer(self, reply: Reply, body: bytes | None) -> None:
        if reply.late:
            time.sleep(reply.late)
        # Logged before it is sent: a client that has an answer finds its request in the log.
        self.world.record(reply, self._describe(body))
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
        if self.command == "HEAD":
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

    def _describe(self, body: bytes | None) -> dict[str, Any]:
        asked: Any = None
        if body:
            try:
                asked = json.loads(body)
            except ValueError:
                asked = None
        asked = asked if isinstance(asked, dict) else {}
        return {
            "method": self.command,
            "path": self.path,
            "operation": asked.get("operationName"),
            "variables": asked.get("variables"),
            "sent_key": self._key() is not None,
            "user_agent": self.headers.get("User-Agent", ""),
        }
