"""Until when hosts and sources are left alone, as the budget files of the crawls have it.

The crawls write these files (`scrapy_project/limits/budget.py`); here they are only read. A hold
ends with the machine: after a restart the host is asked again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from pydantic import HttpUrl

from trainer.config.sources import SourceConfig
from trainer.staging.clock import now

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def read_holds(
    directory: Path, monotonic: float | None = None, boot: str | None = None
) -> dict[str, datetime]:
    """Return until when each budget is held: those of `directory` that are held at the moment, by
    key (`host-example.org`, `source-stashdb`). Files that can't be read hold nothing.

    `monotonic`: the machine's clock, in seconds; `boot`: the id of its start.
    """
    moment = time.monotonic() if monotonic is None else monotonic
    try:
        started = boot or _BOOT_ID.read_text().strip()
        files = sorted(directory.iterdir())
    except OSError:
        return {}
    left = {unquote(file.name): _held(file, started) - moment for file in files}
    at = now()
    return {key: at + timedelta(seconds=s) for key, s in left.items() if s > 0}


def _held(file: Path, boot: str) -> float:
    """The moment of the machine's clock up to which a budget is held; 0 where it is not."""
    try:
        of_boot, _free, held = file.read_text("ascii").split()
        return float(held) if of_boot == boot else 0.0
    except (OSError, ValueError):
        return 0.0


def holds_of(source: SourceConfig, holds: Mapping[str, datetime]) -> dict[str, datetime]:
    """Return what of a source is held, and until when: by host, or by `source` for all of it."""
    found = {key.removeprefix("host-"): at for key, at in holds.items() if _is_of(source, key)}
    if at := holds.get(f"source-{source.key}"):
        found["source"] = at
    return found


def _is_of(source: SourceConfig, key: str) -> bool:
    """A budget is a registrable domain's, or an address's with its port."""
    if not key.startswith("host-"):
        return False
    domain = key.removeprefix("host-")
    return any(host == domain or host.endswith(f".{domain}") for host in _hosts(source))


def _hosts(source: SourceConfig) -> Iterator[str]:
    url: HttpUrl = source.base_url
    yield url.host or ""
    yield f"{(url.host or '').strip('[]')}:{url.port}"
    yield from source.image_hosts
