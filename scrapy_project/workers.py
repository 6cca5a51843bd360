"""Several workers of one crawl, side by side."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine


async def run_workers(work: Callable[[], Coroutine[object, object, None]], count: int) -> None:
    """Run `count` of `work` at a time until all are done. The first error ends the others and is
    raised as it is, without the group of a `TaskGroup`."""
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(count):
                group.create_task(work())
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None
