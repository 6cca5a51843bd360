"""Work in batches on a device whose memory may not hold the batch that was asked for."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TypeVar

log = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")
_SIGNS = (
    "out of memory",
    "failed to allocate memory",
    "bad_alloc",
    "bad allocation",
    "alloc_failed",
    "cudaerrormemoryallocation",
)


def is_out_of_memory(error: BaseException) -> bool:
    """Does ONNX Runtime (which has no class for it), CUDA or Python say that memory ran out?"""
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(sign in text for sign in _SIGNS)


class Batches:
    """Items in batches of at most `size`, halved for good where memory runs out."""

    def __init__(self, size: int) -> None:
        self.size = size

    def run(
        self, work: Callable[[Sequence[Item]], Sequence[Result]], items: Sequence[Item]
    ) -> list[Result]:
        """The results of all items in their order; raises what a batch of one raises."""
        results: list[Result] = []
        while len(results) < len(items):
            batch = items[len(results) : len(results) + self.size]
            try:
                results.extend(work(batch))
            except Exception as error:
                if len(batch) == 1 or not is_out_of_memory(error):
                    raise
                self.size = len(batch) // 2
                log.info(f"out of memory: batches of {self.size} from now on ({error})")
        return results
