"""A web server on loopback that writes to its sockets itself, and so can do to an answer all that a
network does: reset it, cut it off, let it drip, or never let it end."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.web_server import Answer, Asked

Serve = Callable[[socket.socket], None]
Deliver = Callable[[socket.socket, Answer], None]
LONGEST_SILENCE = 300.0  # seconds, should a client never hang up
PAUSE = 0.0005  # seconds between two bytes of an answer that drips and ends
DRIP = 0.05  # seconds between two bytes of one that never ends


def reset(connection: socket.socket) -> None:
    """End the connection by RST: closing it with no time to linger does that."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def head(answer: Answer, **more: str) -> bytes:
    """The status line and the headers; `Connection: close`, as each answer has a connection."""
    status, headers, body = answer
    named = {"Content-Length": str(len(body)), "Connection": "close", **headers}
    named |= {name.replace("_", "-"): value for name, value in more.items()}
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
    lines += [f"{name}: {value}" for name, value in named.items() if value]
    return "\r\n".join([*lines, "", ""]).encode()


def whole(connection: socket.socket, answer: Answer) -> None:
    """As servers answer."""
    connection.sendall(head(answer) + answer[2])


def drip(connection: socket.socket, answer: Answer) -> None:
    """Headers and body, a byte at a time."""
    for number in head(answer) + answer[2]:
        connection.sendall(bytes([number]))
        time.sleep(PAUSE)


def tiny_chunks(connection: socket.socket, answer: Answer) -> None:
    """A chunk for each byte, the last chunk's end in a packet of its own."""
    connection.sendall(head(answer, Content_Length="", Transfer_Encoding="chunked"))
    for number in answer[2]:
        connection.sendall(b"1\r\n%c\r\n" % number)
        time.sleep(PAUSE)
    connection.sendall(b"0\r\n")
    time.sleep(PAUSE)
    connection.sendall(b"\r\n")


def reset_unanswered(connection: socket.socket, answer: Answer) -> None:
    """Take the request, and nothing more."""
    reset(connection)


def reset_in_head(connection: socket.socket, answer: Answer) -> None:
    """In the middle of the headers."""
    connection.sendall(head(answer)[:30])
    time.sleep(DRIP)
    reset(connection)


def reset_in_body(connection: socket.socket, answer: Answer) -> None:
    """In the middle of the body."""
    connection.sendall(head(answer) + answer[2][: len(answer[2]) // 2])
    time.sleep(DRIP)
    reset(connection)


def cut_off(connection: socket.socket, answer: Answer) -> None:
    """Half of the body, and an orderly end of the connection."""
    connection.sendall(head(answer) + answer[2][: len(answer[2]) // 2])


def chunks_cut_off(connection: socket.socket, answer: Answer) -> None:
    """Chunks without the last one, which says that it is the last."""
    connection.sendall(head(answer, Content_Length="", Transfer_Encoding="chunked"))
    connection.sendall(b"%x\r\n%b\r\n" % (len(answer[2]), answer[2]))


def endless_head(connection: socket.socket, answer: Answer) -> None:
    """Headers, byte by byte, for as long as anybody listens."""
    _for_ever(connection, b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n")


def endless_body(connection: socket.socket, answer: Answer) -> None:
    """A body as long as is allowed, byte by byte."""
    _for_ever(connection, head(answer, Content_Length="10000000"), answer[2] or b" ")


def endless_chunks(connection: socket.socket, answer: Answer) -> None:
    """Chunks of a byte; the last one never comes."""
    start = head(answer, Content_Length="", Transfer_Encoding="chunked")
    _for_ever(connection, start, b"1\r\n<\r\n")


def silence(connection: socket.socket, answer: Answer) -> None:
    """Not a byte, until the client hangs up."""
    connection.settimeout(LONGEST_SILENCE)
    connection.recv(1)


def _for_ever(connection: socket.socket, start: bytes, again: bytes) -> None:
    connection.sendall(start)
    end = time.monotonic() + LONGEST_SILENCE
    while time.monotonic() < end:
        for number in again:
            connection.sendall(bytes([number]))
            time.sleep(DRIP)


class RawServer:
    """A listener on loopback; `serve` is called for each connection, in a thread of its own."""

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self.accepted = 0
        self.open = 0
        self._lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._lock:
                    self.accepted += 1
                    self.open += 1
                threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection: socket.socket) -> None:
        try:
            with connection, suppress(OSError):  # the client did not wait
                self._serve(connection)
        finally:
            with self._lock:
                self.open -= 1

    def close(self) -> None:
        """Listen no more; connections that are open go on."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@contextmanager
def raw_server(serve: Serve) -> Iterator[RawServer]:
    server = RawServer(serve)
    try:
        yield server
    finally:
        server.close()


def http(respond: Callable[[Asked], Answer], deliver: Callable[[Asked], Deliver]) -> Serve:
    """What answers one request: `respond` says what, `deliver` in which way it is sent."""

    def serve(connection: socket.socket) -> None:
        asked = read_request(connection)
        if asked is not None:
            deliver(asked)(connection, respond(asked))

    return serve


def read_request(connection: socket.socket) -> Asked | None:
    """None where the client hung up before it had asked."""
    connection.settimeout(LONGEST_SILENCE)
    with connection.makefile("rb") as stream:
        method, path, *_ = (*stream.readline().decode("latin-1").split(), "", "")
        if not path:
            return None
        headers = {}
        while line := stream.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return Asked(method, path, headers, stream.read(int(headers.get("content-length") or 0)))


def hang_up(connection: socket.socket) -> None:
    """Read what comes first, a TLS hello for example, and close."""
    connection.recv(4096)


def bad_request(connection: socket.socket) -> None:
    """Whatever comes, as a server for HTTP answers a TLS hello."""
    connection.recv(4096)
    connection.sendall(head((400, {}, b"")))


def self_signed(folder: Path, serve: Serve) -> Serve:
    """TLS with a certificate for localhost that nobody has signed but itself."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(folder))

    def wrapped(connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            serve(secure)

    return wrapped


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "site.example")])
    now = datetime.now(UTC)
    hosts = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    made = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(hosts, critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / "certificate.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
