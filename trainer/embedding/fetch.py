"""Download a model pack: with progress, going on where it stopped, nothing believed unhashed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from pathlib import Path

import requests

from trainer.embedding.lock import LockedFile, LockedPack
from trainer.embedding.pack import PACK_FILE, PackInfo, read_pack
from trainer.errors import ConfigError, StageFailed
from trainer.reasons import reason
from trainer.staging.atomic import fsync_path, sha256_file, write_sealed
from trainer.staging.progress import Progress

log = logging.getLogger(__name__)

CHUNK = 1 << 16  # bytes; what a broken connection can cost
ATTEMPTS = 5
CONNECT_SECONDS, READ_SECONDS = 15, 60
USER_AGENT = "stash-sense-trainer/0.1"


def fetch_pack(
    name: str,
    locked: LockedPack,
    out: Path,
    *,
    accept_licence: bool = False,
    wait: Callable[[float], object] = time.sleep,
) -> PackInfo:
    """Download the files of pack `name` into `out`; write `pack.json` last and return it.

    Raises `ConfigError` where a licence must be accepted first, `StageFailed` where a file can't
    be had or is not the one that is locked. What was downloaded stays for the next try.
    """
    if locked.non_commercial and not accept_licence:
        raise ConfigError(
            f"{name} holds weights that must not be used commercially: "
            f"{'; '.join(locked.non_commercial)}; add --accept-licence if that is all right"
        )
    out.mkdir(parents=True, exist_ok=True)
    info = locked.info(name)
    for entry in locked.files.values():
        target = out / entry.file
        if target.exists() and sha256_file(target) == entry.sha256:
            log.info(f"{entry.file} is here already")
            continue
        _fetch(entry, target, wait)
    write_sealed(out / PACK_FILE, info.model_dump(mode="json"))
    return read_pack(out)


def _fetch(entry: LockedFile, target: Path, wait: Callable[[float], object]) -> None:
    """Download one file, with retries after growing pauses; each resumes from the bytes at hand."""
    part = target.with_name(f"{target.name}.part")
    log.info(f"{entry.file}: {entry.origin} ({entry.licence}), from {entry.url}")
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _download(entry, part)
            break
        except requests.RequestException as error:
            if attempt == ATTEMPTS or _is_final(error):
                raise StageFailed(
                    f"{entry.url}: {_reason(error)}; what was fetched is kept; run it again"
                ) from None
            log.info(f"{entry.file}: {_reason(error)}, trying again")
            wait(2.0**attempt)
    digest = sha256_file(part)
    if digest != entry.sha256:
        part.unlink()
        raise StageFailed(
            f"{entry.url}: what came has sha256 {digest}, locked is {entry.sha256}; the publisher "
            "or somebody in between has changed it, so it was thrown away; ask before you trust it"
        )
    fsync_path(part)
    part.replace(target)
    fsync_path(target.parent)


def _download(entry: LockedFile, part: Path) -> None:
    """Append what is missing to `part`; from the start where the server knows no ranges."""
    have = part.stat().st_size if part.exists() else 0
    if entry.size is not None and have >= entry.size:
        return
    with _request(entry, have) as response:
        if response.status_code == 416:  # there is nothing beyond what we have
            return
        response.raise_for_status()
        _save(entry, response, part, have if response.status_code == 206 else 0)


def _request(entry: LockedFile, have: int) -> requests.Response:
    """Request a file, after the first `have` bytes."""
    headers = {"User-Agent": USER_AGENT, "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
    timeout = (CONNECT_SECONDS, READ_SECONDS)
    return requests.get(str(entry.url), headers=headers, stream=True, timeout=timeout)


def _save(entry: LockedFile, response: requests.Response, part: Path, start: int) -> None:
    """Write the response's bytes to `part` after its first `start`; raises `ConnectionError` where
    fewer came than were announced."""
    length = int(response.headers.get("Content-Length") or 0)
    if start:
        log.info(f"{entry.file}: going on after {start} bytes")
    progress = Progress(part.parent, f"bytes of {entry.file}", length)
    with part.open("ab" if start else "wb") as stream:
        for chunk in response.iter_content(CHUNK):
            stream.write(chunk)
            progress.advance(len(chunk))
    progress.finish()
    if length and part.stat().st_size - start != length:
        raise requests.ConnectionError(f"{part.stat().st_size - start} of {length} bytes came")


def _is_final(error: requests.RequestException) -> bool:
    """Would the same request fail again for the same reason?"""
    status = error.response.status_code if error.response is not None else None
    return status is not None and status < 500 and status not in (408, 425, 429)


def _reason(error: requests.RequestException) -> str:
    if error.response is not None:
        return f"HTTP {error.response.status_code}"
    return reason(error)
