"""Wait for what happens elsewhere, for as long as a busy machine may take."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

DEADLINE = 240.0  # seconds; less than pytest gives a test, so that what is missing is named


def wait_for(condition: Callable[[], Any], seconds: float = DEADLINE, every: float = 0.05) -> Any:
    """What `condition` gives as soon as that is true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(every)
    raise AssertionError(f"not within {seconds} s")
