"""Headers that tell a browser what the reports' pages may do: as strict as Streamlit works with."""

from __future__ import annotations

import re
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HOST = re.compile(r"^([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:\d+)?$")

# Streamlit sets styles and a line of script in its page; Vega compiles its expressions (eval).
_POLICY: Mapping[str, str] = {
    "default-src": "'self'",
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval' 'wasm-unsafe-eval' blob:",
    "worker-src": "'self' blob:",
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data: blob:",
    "font-src": "'self' data:",
    "connect-src": "'self' ws: wss:",
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
}
FIXED: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-site",
}


def policy(host: str, embedded_by: str = "") -> str:
    """The Content-Security-Policy of pages that were asked for at `host` (`name:port`).

    Airflow shows the pages in a frame: any port of the same host may, and the origin `embedded_by`.
    """
    found = _HOST.match(host)
    same_host = f"http://{found[1]}:* https://{found[1]}:*" if found else ""
    ancestors = " ".join(filter(None, ["'self'", same_host, embedded_by]))
    rules = [f"{name} {value}" for name, value in _POLICY.items()]
    return "; ".join([*rules, f"frame-ancestors {ancestors}"])


class SecurityHeaders:
    """Adds them to every answer over HTTP."""

    def __init__(self, app: ASGIApp, embedded_by: str = "") -> None:
        self._app = app
        self._embedded_by = embedded_by

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        host = Headers(scope=scope).get("host", "")

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(FIXED)
                headers["Content-Security-Policy"] = policy(host, self._embedded_by)
            await send(message)

        await self._app(scope, receive, with_headers)
