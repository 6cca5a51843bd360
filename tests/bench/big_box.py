"""A stash-box of any size in its own process: `python -m tests.bench.big_box PEOPLE PICTURES`.

Prints its port. Invented records are made as they are asked for, and so are pages of a reference
site of the same people (`/boobs/Person_<n>`, a picture each). `GET /log` answers the moments
(monotonic seconds) of all requests but that one.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from datetime import UTC, datetime, timedelta

from tests.recorded.box import JPEG, person
from tests.recorded.profile_box import page
from tests.web_server import Answer, Asked, serving

NEWEST = datetime(2026, 1, 1, tzinfo=UTC)


class BigBox:
    def __init__(self, people: int, images: int, latency: float) -> None:
        self.base = ""
        self.people = people
        self.images = images
        self.latency = latency
        self.moments: list[float] = []

    def listing(self, given: dict) -> bytes:
        start = (given["page"] - 1) * given["per_page"]
        numbers = range(start + 1, min(start + given["per_page"], self.people) + 1)
        found = [self.record(n, self.base) for n in numbers]
        page = {"count": self.people, "performers": found}
        return json.dumps({"data": {"queryPerformers": page}}).encode()

    def record(self, number: int, base: str) -> dict:
        images = [
            {"id": f"{number}-{k}", "url": f"{base}/img/{number}/{k}.jpg", "width": 4, "height": 6}
            for k in range(self.images)
        ]
        links = [
            {"url": f"https://site{k}.example/people/{number}", "site": {"name": f"Site {k}"}}
            for k in range(6)
        ]
        aliases = [f"Alias {number} {k}" for k in range(4)]
        # The newest first: the order of both sorts is the numbers'.
        updated = (NEWEST - timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return person(number, images=images, urls=links, aliases=aliases, updated=updated)

    def answer(self, asked: Asked) -> Answer:
        if asked.path == "/log":
            return 200, {}, json.dumps(self.moments).encode()
        self.moments.append(time.monotonic())
        time.sleep(self.latency)
        return 200, {}, self._content(asked)

    def _content(self, asked: Asked) -> bytes:
        if asked.path == "/graphql":
            return self.listing(json.loads(asked.body)["variables"]["input"])
        if asked.path.startswith("/boobs/"):
            slug = asked.path.removeprefix("/boobs/")
            return page(slug.replace("_", " "), thumbs=(f"{slug}.jpg",))
        is_image = asked.path.startswith(("/img/", "/wiki/images/"))
        return JPEG + asked.path.encode() if is_image else b""


if __name__ == "__main__":
    box = BigBox(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    with serving(box.answer) as box.base:
        sys.stdout.write(f"{box.base.rpartition(':')[2]}\n")
        sys.stdout.flush()
        threading.Event().wait()
