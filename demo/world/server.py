"""The demo world's HTTP server: a stash-box's `/graphql` and `/images/<id>` on loopback."""

from __future__ import annotations

import hmac
import json
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import formatdate
from http.server import ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from demo.world import schema
from demo.world.faults import Counter, Faults, Trouble, Where
from demo.world.handler import Handler, Reply
from demo.world.images import LAST_MODIFIED, PAGE, TROUBLED, Gallery
from demo.world.people import Person, identifier, population

HOST: Final = "127.0.0.1"
DEMO_KEY: Final = "demo-world-key"


@dataclass(frozen=True)
class Request:
    """One answered request, as the log keeps it. Keys are never logged, only whether one came."""

    number: int
    method: str
    path: str
    operation: str | None  # GraphQL operation name, else None
    variables: Mapping[str, Any] | None
    status: int  # 0: the connection was reset without an answer
    sent_key: bool
    user_agent: str


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    world: World

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away in mid-request is no news; anything else keeps its traceback."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class World:
    """A stash-box of invented people, in a thread: `with World(week=1) as world: ...`.

    `port` 0 takes a free one. `pictures` is the output directory of `python -m demo.pictures`;
    None serves small drawings without faces. `faults` may be replaced while it runs.
    """

    def __init__(
        self,
        week: int = 1,
        port: int = 0,
        api_key: str = DEMO_KEY,
        faults: Faults | None = None,
        pictures: Path | None = None,
        request_log: Path | None = None,
    ) -> None:
        self.week = week
        self.people: tuple[Person, ...] = population(week)
        self.gallery = Gallery(pictures)
        self.log: list[Request] = []
        self._api_key = api_key
        self._request_log = request_log
        self._counter = Counter(faults or Faults())
        self._lock = threading.Lock()
        self._server = _Server((HOST, port), Handler)
        self._server.world = self
        self.port: int = self._server.server_address[1]
        self._thread: threading.Thread | None = None

    # --- life -----------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self.serve, name="demo-world", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join(timeout=10)

    def serve(self) -> None:
        """Answer requests in this thread until `stop` is called from another one."""
        try:
            self._server.serve_forever(poll_interval=0.05)
        finally:
            self._server.server_close()

    def stop(self) -> None:
        self._server.shutdown()

    # --- what tests look at -----------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The GraphQL endpoint."""
        return f"http://{HOST}:{self.port}/graphql"

    @property
    def image_base(self) -> str:
        """Prefix of every picture's URL, ending in a slash."""
        return f"http://{HOST}:{self.port}/images/"

    @property
    def faults(self) -> Faults:
        return self._counter.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        with self._lock:
            self._counter = Counter(faults)

    def image_url(self, key: str) -> str:
        """The URL of a picture by its key, e.g. `P001/happy`."""
        return self.image_base + identifier("image", key)

    def fetched(self, status: int = 200) -> list[str]:
        """The picture keys answered with `status`, in order, once for every answer."""
        with self._lock:
            requests = [r for r in self.log if r.status == status]
        keys = (self.gallery.key_of(r.path.removeprefix("/images/")) for r in requests)
        return [key for key in keys if key is not None]

    # --- answering, called by the handler's threads ----------------------------------------------

    def record(self, reply: Reply, request: Mapping[str, Any]) -> None:
        with self._lock:
            entry = Request(number=len(self.log) + 1, status=reply.status, **request)
            self.log.append(entry)
            if self._request_log is not None:
                line = json.dumps(entry.__dict__, sort_keys=True, ensure_ascii=False)
                with self._request_log.open("a", encoding="utf-8") as stream:
                    stream.write(line + "\n")

    def graphql(self, body: bytes, content_type: str, key: str | None) -> Reply:
        trouble = self._next("graphql")
        if trouble is not None and trouble.kind != "slow":
            return _troubled(trouble)
        late = _seconds(trouble)
        if key is not None and (self.faults.reject_key or not self._knows(key)):
            return Reply(401, late=late)
        if content_type.split(";", maxsplit=1)[0].strip() != "application/json":
            return Reply.json(400, _errors("transport not supported"), late=late)
        try:
            asked = json.loads(body)
            query, variables = asked["query"], asked.get("variables") or {}
            operation = asked.get("operationName")
        except (ValueError, KeyError, AttributeError, TypeError) as error:
            message = f"json request body could not be decoded: {error}"
            return Reply.json(400, _errors(message), late=late)
        answer = schema.answer(self._box(key is not None), query, variables, operation)
        return Reply.json(answer.status, answer.body, late=late)

    def image(self, image_id: str, if_none_match: str | None) -> Reply:
        trouble = self._next("images")
        if trouble is not None and trouble.kind != "slow":
            return _troubled(trouble)
        late = _seconds(trouble)
        key = self.gallery.key_of(image_id)
        if key is None:
            return Reply(404, b"not found\n", late=late)
        picture = self.gallery.picture(key)
        fault = self.faults.images.get(key) or self.faults.images.get(image_id)
        if fault is not None:
            status, content, kind = TROUBLED[fault](picture)
            headers = {"Location": "http://169.254.0.1/"} if fault == "moved" else {}
            cut = fault == "cut_off"
            return Reply(status, content, kind, headers=headers, late=late, cut=cut)
        headers = {"ETag": picture.etag, "Last-Modified": LAST_MODIFIED}
        headers["Cache-Control"] = "max-age=604800"
        if if_none_match == picture.etag:
            return Reply(304, headers=headers, late=late)
        return Reply(200, picture.content, picture.content_type, headers=headers, late=late)

    def _next(self, where: Where) -> Trouble | None:
        with self._lock:
            return self._counter.next_trouble(where)

    def _skips(self, page: int) -> bool:
        with self._lock:
            return self._counter.skips_a_row(page)

    def _knows(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), self._api_key.encode())

    def _box(self, authorized: bool) -> schema.Box:
        return schema.Box(
            people=self.people,
            image_url=self.image_url,
            image_size=self.gallery.size,
            authorized=authorized,
            count_offset=self.faults.count_offset,
            skips=self._skips,
        )


def _errors(message: str) -> dict[str, Any]:
    return {"errors": [{"message": message}], "data": None}


def _seconds(trouble: Trouble | None) -> float:
    return float(trouble.value or 1) if trouble is not None else 0.0


def _troubled(trouble: Trouble) -> Reply:
    if trouble.kind == "slow":
        raise AssertionError("a slow answer is a right answer: handled by the caller")
    replies = {
        "server_error": Reply(500, b"internal server error\n"),
        "forbidden": Reply(403, b"forbidden\n"),
        "garbage": Reply(200, bytes(range(256)), "application/octet-stream"),
        "html": Reply(200, PAGE, "text/html; charset=utf-8"),
        "graphql_error": Reply.json(200, _errors(trouble.value or "pq: out of shared memory")),
        "too_many": Reply(429, b"slow down\n", headers=_retry_after(trouble.value)),
        "reset": Reply(0),
    }
    return replies[trouble.kind]


def _retry_after(value: str) -> dict[str, str]:
    """`5` -> seconds; `date:5` -> an HTTP date five seconds from now; empty -> no header."""
    if value.startswith("date:"):
        return {"Retry-After": formatdate(time.time() + float(value[5:]), usegmt=True)}
    return {"Retry-After": value} if value else {}
