"""Log messages as plain lines: what the programs print while they work."""

from __future__ import annotations

import logging
import sys
from typing import Literal

_LOGGERS = ("trainer", "embedder")


class _PlainLines(logging.Handler):
    """The stream is looked up at each message: whoever replaces it gets the following ones."""

    def __init__(self, stream: Literal["stdout", "stderr"]) -> None:
        super().__init__()
        self._stream = stream

    def emit(self, record: logging.LogRecord) -> None:
        stream = getattr(sys, self._stream)
        stream.write(f"{record.getMessage()}\n")
        stream.flush()


def log_plainly(stream: Literal["stdout", "stderr"]) -> None:
    """Print what this project's modules log, once however often it is called."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(logging.INFO)
        if not any(isinstance(handler, _PlainLines) for handler in logger.handlers):
            logger.addHandler(_PlainLines(stream))
