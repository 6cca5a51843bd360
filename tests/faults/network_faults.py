"""What a network does to an answer, by name, and the world of hosts that it is done in."""

from __future__ import annotations

import os
import shutil
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests import raw_server as raw
from tests.raw_server import Deliver, RawServer, Serve, raw_server
from tests.web_server import Answer, Asked

LOGIN = b"<html><title>Log in</title><form><input name=u><input type=password></form></html>"
# Slow or in pieces, and right.
SLOW: dict[str, Deliver] = {"byte by byte": raw.drip, "a chunk a byte": raw.tiny_chunks}
# No answer that could be used: of kind `network`, and costs the page or picture that it happens to.
BROKEN: dict[str, Deliver] = {
    "reset unanswered": raw.reset_unanswered,
    "reset in the headers": raw.reset_in_head,
    "reset in the body": raw.reset_in_body,
    "cut off": raw.cut_off,
    "chunks cut off": raw.chunks_cut_off,
    "endless headers": raw.endless_head,
    "endless body": raw.endless_body,
    "endless chunks": raw.endless_chunks,
    "silence": raw.silence,
}
PORTAL = "portal"  # a login page in the place of the answer
ELSEWHERE_PORTAL = "another host's portal"


@dataclass
class Network:
    """Hosts that can't be asked, `elsewhere` by name, beside what the faulty server itself does.

    `faults`: name of the fault by path, or what `key` makes of a request. `asked`: how often each.
    """

    elsewhere: dict[str, str]
    servers: dict[str, RawServer]
    names: Path
    key: Callable[[Asked], str] = lambda asked: asked.path
    faults: dict[str, str] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)

    def deliver(self, asked: Asked) -> Deliver:
        """How the answer to a request is sent."""
        self.asked[self.key(asked)] += 1
        return {**SLOW, **BROKEN}.get(self.faults.get(self.key(asked), ""), raw.whole)

    def instead(self, asked: Asked) -> Answer | None:
        """The answer of a fault that is one: a portal's page, or a way to another host."""
        fault = self.faults.get(self.key(asked), "")
        if fault == PORTAL:
            return 200, {"Content-Type": "text/html"}, LOGIN
        if fault in self.elsewhere:
            return 302, {"Location": f"{self.elsewhere[fault]}{asked.path}"}, b""
        return None

    def attempts(self, fault: str) -> int:
        """How often a host of `elsewhere` was tried."""
        if fault in self.servers:
            return self.servers[fault].accepted
        host = self.elsewhere[fault].removeprefix("http://")
        return self.names.read_text().split().count(host) if self.names.exists() else 0

    def open(self) -> int:
        """Connections that a client has not closed yet."""
        return sum(server.open for server in self.servers.values())

    def kind(self, fault: str, is_image: bool, obeys_robots: bool) -> str:
        """The kind of error that a fault is in a report."""
        if fault in self.elsewhere and obeys_robots:
            kind = "robots_unreachable"
        elif fault in (PORTAL, ELSEWHERE_PORTAL):
            kind = "html_instead_of_picture" if is_image else "wall"
        else:
            kind = "network"
        return kind


@contextmanager
def network(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Network]:
    """The hosts elsewhere; children of this process know no names under `.invalid`."""
    folder.mkdir(parents=True)
    shutil.copy(Path(__file__).with_name("unknown_names.py"), folder / "sitecustomize.py")
    paths = [str(folder), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    login = raw.http(lambda asked: (200, {"Content-Type": "text/html"}, LOGIN), lambda _: raw.whole)
    secure: dict[str, Serve] = {
        "self-signed certificate": raw.self_signed(folder, login),
        "TLS handshake closed": raw.hang_up,
        "no TLS on its port": raw.bad_request,
    }
    plain: dict[str, Serve] = {"reset at accept": raw.reset, ELSEWHERE_PORTAL: login}
    with ExitStack() as stack:
        servers = {
            fault: stack.enter_context(raw_server(serve))
            for fault, serve in {**secure, **plain}.items()
        }
        elsewhere = {
            fault: f"{'https' if fault in secure else 'http'}://localhost:{server.port}"
            for fault, server in servers.items()
        }
        elsewhere["refused"] = f"http://localhost:{_nobodys_port()}"
        elsewhere["unknown name"] = "http://cdn.invalid"
        elsewhere["name server that fails"] = "http://again.invalid"
        yield Network(elsewhere, servers, folder / "asked")


def _nobodys_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port
