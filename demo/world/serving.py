"""A look-alike as a separate process: serve until SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable


def serve_until_signal(said: str, serve: Callable[[], None], stop: Callable[[], None]) -> None:
    """Print that it is ready, as `said`, and `serve` until a signal comes; then `stop` it."""

    def end(_number: int, _frame: object) -> None:
        # shutdown() waits for the serving loop, which this very thread runs: so from another one.
        threading.Thread(target=stop, daemon=True).start()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    sys.stdout.write(f"ready: {said}\n")
    sys.stdout.flush()
    serve()
