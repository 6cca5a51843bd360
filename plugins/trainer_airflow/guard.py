"""Refuses a trigger with unknown parameter names before a run exists.

Airflow checks the values of the parameters it knows and lets other names pass. This guard sits
before the REST API, which the UI's form uses too, and answers 400. What comes in another way
(`airflow dags trigger` writes to the database) is refused by the step `plan`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from trainer.config.params import BuildParams

DAG_ID = "build_performer_database"
MAX_BODY = 1_000_000
_TRIGGER = re.compile(rf"/api/v2/dags/{DAG_ID}/dagRuns/?$")

Message = dict[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def unknown_keys(body: bytes) -> list[str]:
    """Names in the request's `conf` that are no build parameters; [] when it has no such object."""
    try:
        conf = json.loads(body).get("conf")
    except (ValueError, AttributeError):
        return []  # Airflow's own validation answers malformed requests
    return sorted(set(conf) - set(BuildParams.model_fields)) if isinstance(conf, dict) else []


class TriggerGuard:
    """ASGI middleware; only looks at POST .../dags/build_performer_database/dagRuns."""

    def __init__(self, app: Callable[[Message, Receive, Send], Awaitable[None]]) -> None:
        self._app = app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        wanted = scope["type"] == "http" and scope["method"] == "POST"
        if not wanted or not _TRIGGER.search(scope["path"]):
            await self._app(scope, receive, send)
            return
        body = await _read(receive)
        unknown = unknown_keys(body) if len(body) <= MAX_BODY else []
        if len(body) > MAX_BODY:
            await _refuse(
                send, 413, "the request is larger than a build's parameters can be; give these only"
            )
        elif unknown:
            known = ", ".join(BuildParams.model_fields)
            await _refuse(send, 400, f"unknown build parameters {unknown}; choose from {known}")
        else:
            await self._app(scope, _replay(body, receive), send)


async def _read(receive: Receive) -> bytes:
    body = b""
    while len(body) <= MAX_BODY:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    """A `receive` that hands out the body once, then what the client sends next."""
    pending = [{"type": "http.request", "body": body, "more_body": False}]

    async def again() -> Message:
        return pending.pop() if pending else await receive()

    return again


async def _refuse(send: Send, status: int, detail: str) -> None:
    content = json.dumps({"detail": detail}).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
