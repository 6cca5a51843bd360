"""Docker, or somebody at it, ends the embedder's container: the next attempt goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from trainer.errors import RetryLater

ITS_OWN_EXIT_STATUSES = (0, 1, 2)  # what the program says by itself: embedder/__main__.py
RETRY_SECONDS = 60.0
_BAD_GATEWAYS = (502, 503, 504)  # of a proxy before a daemon that is gone
_GO_ON = "run the build again, as Airflow does by itself: it goes on from the parts written"


@contextmanager
def daemon_stays(url: str) -> Iterator[None]:
    """Raise `RetryLater` where the daemon at `url`, which has answered, does so no more, or where
    the container is gone that the block works with."""
    import requests
    import urllib3
    from docker.errors import APIError, NotFound

    try:
        yield
    except NotFound:
        raise RetryLater(
            f"the embedder's container was removed by somebody else; {_GO_ON}", RETRY_SECONDS
        ) from None
    except APIError as error:
        if error.status_code not in _BAD_GATEWAYS:
            raise
        raise _gone(url) from None
    except (requests.RequestException, urllib3.exceptions.HTTPError):
        raise _gone(url) from None


def _gone(url: str) -> RetryLater:
    return RetryLater(
        f"Docker at {url} went away while the embedder's container ran; see that Docker runs "
        f"again, and {_GO_ON}",
        RETRY_SECONDS,
    )


def ended_from_outside(status: int, last: str) -> RetryLater:
    """The error for a program that neither ended by itself nor ran out of memory: a stop by hand,
    a daemon that restarts, the end of an earlier attempt at the same task."""
    return RetryLater(
        f"the embedder's container was ended from outside with exit status {status} (it last "
        f"said: {last}); {_GO_ON}",
        RETRY_SECONDS,
    )
