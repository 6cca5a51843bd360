"""One site's faults while it runs, and the replies that they turn into."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping, MutableMapping
from email.utils import formatdate
from typing import Any, Final

from demo.world.faults import Counter, Faults, Trouble, Where
from demo.world.handler import Reply
from demo.world.images import LAST_MODIFIED, PAGE, TROUBLED, WorldImage

HTML: Final = "text/html; charset=utf-8"
OUT_OF_MEMORY: Final = "pq: out of shared memory"
_ANSWERED: Final = ("slow", "empty")  # kinds that the site itself has to act on


class Switches:
    """`faults` may be replaced while the site runs; counting starts anew then. Thread-safe."""

    def __init__(self, faults: Faults) -> None:
        self._counter = Counter(faults)
        self._lock = threading.Lock()

    @property
    def faults(self) -> Faults:
        """The faults in force."""
        return self._counter.faults

    @faults.setter
    def faults(self, faults: Faults) -> None:
        """Replace the faults; counting starts anew."""
        with self._lock:
            self._counter = Counter(faults)

    def next_trouble(self, where: Where) -> Trouble | None:
        """Count a request to `where`; return the trouble that hits it, if any."""
        with self._lock:
            return self._counter.next_trouble(where)

    def skips(self, page: int) -> bool:
        """Does page `page` of a list start one row late? Counts those that do."""
        with self._lock:
            return self._counter.skips_a_row(page)


class FaultsBySite(MutableMapping[str, Faults]):
    """Faults by site; setting them starts the site's counting anew."""

    def __init__(self, switches: Mapping[str, Switches]) -> None:
        self._switches = switches

    def __getitem__(self, site: str) -> Faults:
        return self._switches[site].faults

    def __setitem__(self, site: str, faults: Faults) -> None:
        self._switches[site].faults = faults

    def __delitem__(self, site: str) -> None:
        self[site] = Faults()

    def __iter__(self) -> Iterator[str]:
        return iter(self._switches)

    def __len__(self) -> int:
        return len(self._switches)


def seconds(trouble: Trouble | None) -> float:
    """How late an answer is."""
    slow = trouble is not None and trouble.kind == "slow"
    return float(trouble.value or 1) if trouble is not None and slow else 0.0


def instead(trouble: Trouble | None, challenge: bytes = PAGE) -> Reply | None:
    """What is sent in the right answer's place; None where the answer is right, late or empty."""
    if trouble is None or trouble.kind in _ANSWERED:
        return None
    replies = {
        "server_error": Reply(500, b"internal server error\n"),
        "forbidden": Reply(403, b"forbidden\n"),
        "garbage": Reply(200, bytes(range(256)), "application/octet-stream"),
        "html": Reply(200, challenge, HTML),
        "challenge": Reply(403, challenge, HTML),
        "graphql_error": Reply.json(
            200, graphql_errors(trouble.value or "pq: out of shared memory")
        ),
        "too_many": Reply(429, b"slow down\n", headers=_retry_after(trouble.value)),
        "reset": Reply(0),
    }
    return replies[trouble.kind]


def graphql_errors(message: str) -> dict[str, Any]:
    """Return the body of a GraphQL answer with one error."""
    return {"errors": [{"message": message}], "data": None}


def image_reply(
    switches: Switches, names: tuple[str, ...], image: WorldImage | None, if_none_match: str | None
) -> Reply:
    """A picture as its site sends it: `names` are what the faults may call it."""
    trouble = switches.next_trouble("images")
    reply = instead(trouble)
    if reply is not None:
        return reply
    late = seconds(trouble)
    if image is None:
        return Reply(404, b"not found\n", late=late)
    if trouble is not None and trouble.kind == "empty":
        return Reply(200, b"", image.content_type)
    images = switches.faults.images
    fault = next((images[name] for name in names if name in images), None)
    if fault is not None:
        status, content, kind = TROUBLED[fault](image)
        headers = {"Location": "http://169.254.0.1/"} if fault == "moved" else {}
        return Reply(status, content, kind, headers, late=late, cut=fault == "cut_off")
    headers = {"ETag": image.etag, "Last-Modified": LAST_MODIFIED}
    headers["Cache-Control"] = "max-age=604800"
    if if_none_match == image.etag:
        return Reply(304, headers=headers, late=late)
    return Reply(200, image.content, image.content_type, headers=headers, late=late)


def _retry_after(value: str) -> Mapping[str, str]:
    """`5` -> seconds; `date:5` -> an HTTP date five seconds from now; empty -> no header."""
    if value.startswith("date:"):
        return {"Retry-After": formatdate(time.time() + float(value[5:]), usegmt=True)}
    return {"Retry-After": value} if value else {}
