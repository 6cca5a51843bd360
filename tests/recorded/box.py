"""A small stash-box on loopback: recorded shapes, invented people, a log of what was asked."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tests.web_server import Answer, serving

KEY = "the-right-key"
JPEG = b"\xff\xd8\xff\xe0" + b"a picture's bytes "


def person(number: int, base: str = "", **changes: Any) -> dict[str, Any]:
    """A record as queryPerformers answers it."""
    return {
        "id": f"00000000-0000-4000-8000-{number:012d}",
        "name": f"Invented Person {number:03d}",
        "disambiguation": None,
        "country": "SE",
        "ethnicity": "CAUCASIAN",
        "aliases": [f"Alias {number}"],
        "birth_date": "1980-02-03",
        "death_date": None,
        "gender": "FEMALE",
        "height": 171,
        "eye_color": "GREEN",
        "hair_color": "RED",
        "career_start_year": 2005,
        "career_end_year": None,
        "scene_count": 12,
        "created": "2024-01-01T00:00:00Z",
        "updated": f"2026-01-01T00:{number % 60:02d}:00.123456Z",
        "deleted": False,
        "merged_ids": [],
        "merged_into_id": None,
        "tattoos": [{"location": "Arm", "description": None}],
        "piercings": None,
        "images": [
            {"id": f"i{number}", "url": f"{base}/img/{number}.jpg", "width": 400, "height": 600}
        ],
        "urls": [{"url": f"https://example.org/{number}", "site": {"name": "Example"}}],
        **changes,
    }


class Box:
    """The world that the server shows; change it between crawls."""

    def __init__(self) -> None:
        self.base = ""
        self.people: list[dict[str, Any]] = []
        self.images: dict[str, Answer] = {}
        self.robots = b""
        self.key = KEY
        self.log: list[str] = []
        self.headers: list[dict[str, str]] = []
        self.before: Callable[[str, Any], Answer | None] = lambda path, body: None
        # Changes a list that is about to be answered: who is on it, in which order.
        self.shown: Callable[[dict[str, Any], list[Any]], list[Any]] = lambda given, live: live
        self.more = 0  # this many more are advertised than there are

    @property
    def asked(self) -> Counter[str]:
        return Counter(self.log)

    def add(self, count: int) -> None:
        self.people = [person(n, self.base) for n in range(1, count + 1)]
        for n in range(1, count + 1):
            self.images[f"/img/{n}.jpg"] = (200, {}, JPEG + str(n).encode())

    def answer(self, path: str, headers: dict[str, str], body: bytes) -> Answer:
        content = json.loads(body) if body else None
        given = content["variables"]["input"] if content and "input" in content["variables"] else {}
        label = f"{given['sort']} {given['page']}" if given else path
        self.log.append(label)
        self.headers.append(headers)
        special = self.before(label, content)
        if special is not None:
            return special
        if path == "/robots.txt":
            return 200, {}, self.robots
        if path != "/graphql":
            return self.images.get(path, (404, {}, b"not there"))
        if headers.get("apikey") != self.key:
            return 401, {}, b"unauthorized"
        return 200, {"Content-Type": "application/json"}, json.dumps(self.page(given)).encode()

    def page(self, given: dict[str, Any]) -> dict[str, Any]:
        by = {"NAME": "name", "UPDATED_AT": "updated", "CREATED_AT": "created"}[given["sort"]]
        live = [p for p in self.people if not p["deleted"]]
        live.sort(key=lambda p: (p[by], p["id"]), reverse=given["direction"] == "DESC")
        start = (given["page"] - 1) * given["per_page"]
        listed = self.shown(given, live)[start : start + given["per_page"]]
        count = len(live) + self.more
        return {"data": {"queryPerformers": {"count": count, "performers": listed}}}


@contextmanager
def serve() -> Iterator[Box]:
    box = Box()
    with serving(lambda r: box.answer(r.path, dict(r.headers), r.body)) as box.base:
        yield box
