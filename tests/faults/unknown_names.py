"""Copied as `sitecustomize.py` into a folder of PYTHONPATH: in such a process names under
`.invalid` don't resolve, and no name server is asked. Each attempt is a line in the file `asked`
beside it."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

_resolve = socket.getaddrinfo
_asked = Path(__file__).with_name("asked")


def _without_network(host: Any, *rest: Any, **named: Any) -> Any:
    if not str(host).endswith(".invalid"):
        return _resolve(host, *rest, **named)
    with _asked.open("a") as log:
        log.write(f"{host}\n")
    code = socket.EAI_AGAIN if str(host).startswith("again.") else socket.EAI_NONAME
    raise socket.gaierror(code, "no such name")


socket.getaddrinfo = _without_network
