"""A stash-box of any size in its own process: `python -m tests.bench.big_box PEOPLE PICTURES`.

Prints its port. Invented records are made as they are asked for, and so are pages of a reference
site of the same people (`/boobs/Person_<n>`, a picture each). `GET /log` answers the moments
(monotonic seconds) of all requests but that one.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.recorded.box import JPEG, person
from tests.recorded.profile_box import page

NEWEST = datetime(2026, 1, 1, tzinfo=UTC)


class BigBox(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, people: int, pictures: int, latency: float) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.people = people
        self.pictures = pictures
        self.latency = latency
        self.moments: list[float] = []

    def listing(self, given: dict) -> bytes:
        start = (given["page"] - 1) * given["per_page"]
        numbers = range(start + 1, min(start + given["per_page"], self.people) + 1)
        base = f"http://127.0.0.1:{self.server_port}"
        found = [self.record(n, base) for n in numbers]
        page = {"count": self.people, "performers": found}
        return json.dumps({"data": {"queryPerformers": page}}).encode()

    def record(self, number: int, base: str) -> dict:
        images = [
            {"id": f"{number}-{k}", "url": f"{base}/img/{number}/{k}.jpg", "width": 4, "height": 6}
            for k in range(self.pictures)
        ]
        links = [
            {"url": f"https://site{k}.example/people/{number}", "site": {"name": f"Site {k}"}}
            for k in range(6)
        ]
        aliases = [f"Alias {number} {k}" for k in range(4)]
        # The newest first: the order of both sorts is the numbers'.
        updated = (NEWEST - timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return person(number, images=images, urls=links, aliases=aliases, updated=updated)


class Handler(BaseHTTPRequestHandler):
    server: BigBox

    def _respond(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path == "/log":
            content = json.dumps(self.server.moments).encode()
        else:
            self.server.moments.append(time.monotonic())
            time.sleep(self.server.latency)
            content = self._content(body)
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _content(self, body: bytes) -> bytes:
        if self.path == "/graphql":
            return self.server.listing(json.loads(body)["variables"]["input"])
        if self.path.startswith("/boobs/"):
            slug = self.path.removeprefix("/boobs/")
            return page(slug.replace("_", " "), thumbs=(f"{slug}.jpg",))
        is_picture = self.path.startswith(("/img/", "/wiki/images/"))
        return JPEG + self.path.encode() if is_picture else b""

    do_GET = do_POST = _respond

    def log_message(self, *_: object) -> None:
        pass


if __name__ == "__main__":
    server = BigBox(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    sys.stdout.write(f"{server.server_port}\n")
    sys.stdout.flush()
    server.serve_forever()
