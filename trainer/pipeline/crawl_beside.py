"""The crawls of a step side by side, for `trainer build`; in Airflow they are mapped tasks.

Rate limits are a host's, so a crawl beside those of other hosts takes as long as it takes alone.
Each thread here waits for the Scrapy process of one source.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial

from trainer.processes.child import terminate_as_exception
from trainer.processes.together import Together
from trainer.reasons import failure

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.5
STOP_SECONDS = 20.0  # for all of them together: a spider finishes the requests in hand


def crawl_beside(
    sources: Sequence[str], most: int, crawl: Callable[[str], object]
) -> dict[str, Exception]:
    """Call `crawl` for each source, up to `most` at a time; return the errors of those that raised.

    An error stops no other source. Ctrl-C and SIGTERM stop all of them, and none begins any more.
    """
    together = Together()
    with ThreadPoolExecutor(most, "crawl") as pool, terminate_as_exception():
        started = {pool.submit(together.run, partial(crawl, key)): key for key in sources}
        try:
            failed = dict(_failures(started))
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            together.stop(STOP_SECONDS)
            raise
    return {key: failed[key] for key in sources if key in failed}


def _failures(started: dict[Future[object], str]) -> Iterator[tuple[str, Exception]]:
    """Wait for all; the errors are logged as they come, since others may take for hours."""
    left = set(started)
    while left:
        # Not without an end: Polars, imported meanwhile, would restart it, and Ctrl-C is not heard.
        done, left = wait(left, LOOK_SECONDS, FIRST_COMPLETED)
        for one in sorted(done, key=started.__getitem__):
            error = one.exception()
            if isinstance(error, Exception):
                log.error(f"crawl {started[one]}: {failure(error)}")
                log.info("the other sources are crawled to their end; then the build ends")
                yield started[one], error
            elif error is not None:
                raise error
