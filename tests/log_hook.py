"""Hear what the project's modules log, line by line."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class _Hook(logging.Handler):
    def __init__(self, hear: Callable[[str], object]) -> None:
        super().__init__()
        self._hear = hear

    def emit(self, record: logging.LogRecord) -> None:
        self._hear(record.getMessage())


@contextmanager
def on_log(hear: Callable[[str], object]) -> Iterator[None]:
    """Call `hear` with each line that is logged; what it raises is raised where it was logged."""
    hook, loggers = _Hook(hear), [logging.getLogger(name) for name in ("trainer", "embedder")]
    for logger in loggers:
        logger.setLevel(logging.INFO)
        logger.addHandler(hook)
    try:
        yield
    finally:
        for logger in loggers:
            logger.removeHandler(hook)
