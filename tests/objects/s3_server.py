"""A look-alike of S3 on loopback: moto's server. Run by `.venv-s3/bin/python`; prints its port.

Its own check of `If-Match` and the write are two steps, between which another thread may write;
S3's are one. So writes come one at a time here.
"""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server


class OneWriteAtATime:
    """WSGI: conditional writes in turn."""

    def __init__(self, inner: Callable[..., Iterable[bytes]]) -> None:
        self._inner = inner
        self._lock = threading.Lock()

    def __call__(self, environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        if "HTTP_IF_MATCH" in environ or "HTTP_IF_NONE_MATCH" in environ:
            with self._lock:
                return list(self._inner(environ, start))
        return self._inner(environ, start)


def main() -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app = OneWriteAtATime(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    print(server.server_port, flush=True)  # noqa: T201 - for whoever started it
    sys.stdout.close()
    server.serve_forever()


if __name__ == "__main__":
    main()
