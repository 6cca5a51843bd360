"""Until when hosts and sources are left alone, as the budget files of the crawls have it.

The crawls write these files (`scrapy_project/limits/budget_files.py` and `budget_shared_files.py`);
here they are only read. A machine's own holds end with it: after a restart the host is asked again.
Budgets in a Redis are not read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote

from pydantic import HttpUrl

from trainer.config.sources import SourceConfig
from trainer.staging.budget_line import read_line
from trainer.staging.clock import now
from trainer.staging.sealed_json import opened

SHARED = "shared"  # the folder of budgets that several machines share
_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def read_holds(
    directory: Path, monotonic: float | None = None, boot: str | None = None
) -> dict[str, datetime]:
    """Return until when each budget is held: those of `directory` that are held at the moment, by
    key (`host-example.org`, `source-stashdb`). Files that can't be read hold nothing.

    `monotonic`: the machine's clock, in seconds; `boot`: the id of its start.
    """
    at = now()
    own = _of_this_machine(directory, monotonic, boot)
    found = {key: at + timedelta(seconds=seconds) for key, seconds in own.items()}
    for key, until in _of_several(directory / SHARED).items():
        found[key] = max(until, found.get(key, until))
    return {key: until for key, until in found.items() if until > at}


def _of_this_machine(
    directory: Path, monotonic: float | None, boot: str | None
) -> dict[str, float]:
    """By budget, for how many seconds it is held yet."""
    moment = time.monotonic() if monotonic is None else monotonic
    try:
        started = boot or _BOOT_ID.read_text().strip()
        files = sorted(directory.iterdir())
    except OSError:
        return {}
    return {unquote(file.name): _held(file, started) - moment for file in files if file.is_file()}


def _held(file: Path, boot: str) -> float:
    """The moment of the machine's clock up to which a budget is held; 0 where it is not."""
    try:
        of_boot, _free, held = read_line(file.read_text("ascii"))
        return held if of_boot == boot else 0.0
    except (OSError, ValueError):
        return 0.0


def _of_several(directory: Path) -> dict[str, datetime]:
    """By budget, until when it is held: the file with the highest number has all of them."""
    try:
        newest = max(file for file in directory.iterdir() if file.name.isdigit())
        content = opened(json.loads(newest.read_bytes()))
        return {key: datetime.fromtimestamp(held, UTC) for key, (_free, held) in content.items()}
    except (OSError, ValueError, TypeError, AttributeError, OverflowError):
        return {}


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
