"""Requests that change something take turns where Airflow's metadata lie in SQLite.

SQLite has one writer. Airflow writes a request's audit line on the event loop and commits it from
a thread: a second such request waits for the first one's lock on the event loop, without which the
first can't commit. Both then stand still until SQLite's lock times out, and every other request,
the health check too, with them. In turns nobody waits inside the event loop.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
WAIT_SECONDS = 60.0  # for a turn; then 503, and the client tries again
RETRY_AFTER = 5

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


class ChangesInTurn:
    """ASGI middleware. `sqlite`: None asks Airflow's configuration."""

    def __init__(self, app: App, sqlite: bool | None = None, wait: float = WAIT_SECONDS) -> None:
        self._app = app
        self._wait = wait
        self._sqlite = _on_sqlite() if sqlite is None else sqlite
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if not self._sqlite or scope["type"] != "http" or scope["method"] not in CHANGING:
            await self._app(scope, receive, send)
            return
        received = await _all_of(receive)  # a client that is slow to send holds up nobody
        try:
            async with asyncio.timeout(self._wait):
                await self._turn.acquire()
        except TimeoutError:
            await _busy(send)
            return
        try:
            await self._app(scope, _replay(received, receive), send)
        finally:
            self._turn.release()


def _on_sqlite() -> bool:
    from airflow.configuration import conf

    return str(conf.get("database", "sql_alchemy_conn")).startswith("sqlite")


async def _all_of(receive: Receive) -> list[Message]:
    """The request's messages, up to the end of its body."""
    messages = [await receive()]
    while messages[-1]["type"] == "http.request" and messages[-1].get("more_body"):
        messages.append(await receive())
    return messages


def _replay(messages: list[Message], receive: Receive) -> Receive:
    """A `receive` that hands out what was received, then what the client sends next."""
    pending = iter(messages)

    async def again() -> Message:
        for message in pending:
            return message
        return await receive()

    return again


async def _busy(send: Send) -> None:
    detail = "Airflow is busy with other changes; try again in a few seconds"
    content = json.dumps({"detail": detail}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"retry-after", str(RETRY_AFTER).encode()),
    ]
    await send({"type": "http.response.start", "status": 503, "headers": headers})
    await send({"type": "http.response.body", "body": content})
