"""What keeps the budgets: the moments of each host and source, changed by one crawl at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

T = TypeVar("T")


@dataclass
class Entry:
    """One budget, in seconds of its store's clock. `free`: when the next request may start.
    `held`: until when the host asked to be left alone."""

    key: str
    free: float = 0.0
    held: float = 0.0


Work = Callable[[list[Entry], float], T]


class BudgetStore(Protocol):
    """Entries that all crawls share, and the clock that they share with them."""

    def clock(self) -> float:
        """Return now, in seconds that are the same for all crawls of this store."""
        ...

    def change(self, keys: Sequence[str], interval: float, work: Work[T]) -> T:
        """Give `work` the entries of `keys` in order and the moment; keep what it changes of them.

        Nobody changes these entries meanwhile. Where somebody did, `work` is called again with
        what is there now, so it has no effects of its own. An exception of `work` changes
        nothing. An entry that can't be read counts as used just now, for one `interval`.
        """
        ...
