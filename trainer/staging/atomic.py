"""Files that appear whole or not at all: temporary name, fsync, rename, fsync the directory."""

from __future__ import annotations

import errno
import hashlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

from trainer.errors import UnreadableJson
from trainer.reasons import reason
from trainer.staging.sealed_json import opened, sealed

log = logging.getLogger(__name__)

TEMPORARY = ".tmp-"


@contextmanager
def whole_file(target: Path, mode: int = 0o644) -> Iterator[Path]:
    """Yield a temporary path beside `target`; it becomes `target` when the block succeeds.

    Until then only its owner can read it, then its permissions are `mode`. On any exception (a
    full disk among them) the temporary file is removed.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=TEMPORARY, suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(mode)
        fsync_path(temporary)
        temporary.replace(target)
        fsync_path(target.parent)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise


def write_bytes(target: Path, content: bytes, mode: int = 0o644) -> None:
    """Write a file that appears whole or not at all; its directory is made if missing."""
    with whole_file(target, mode) as temporary:
        temporary.write_bytes(content)


def write_json(target: Path, content: Any, indent: int | None = 2, mode: int = 0o644) -> None:
    """Write JSON with sorted keys and a trailing newline: the same content, the same bytes.

    Pass no `indent` for large content: Python's encoder is a tenth as fast with one.
    """
    text = json.dumps(content, indent=indent, sort_keys=True, ensure_ascii=False, allow_nan=False)
    write_bytes(target, (text + "\n").encode(), mode)


def write_sealed(target: Path, content: Any, indent: int | None = 2, mode: int = 0o644) -> None:
    """Write JSON of ours that is read again, with a checksum that `read_json` verifies."""
    write_json(target, sealed(content), indent, mode)


def read_json(path: Path) -> Any:
    """Return the content of a JSON file, without its checksum, which is verified where it has one.

    Raises `UnreadableJson` (a `ValueError`) naming it.
    """
    try:
        return opened(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, RecursionError) as error:
        raise UnreadableJson(
            f"{path}: cut off, changed or not JSON: {reason(error)}; `trainer repair` sets it aside"
        ) from None


def swap_symlink(link: Path, target_name: str) -> None:
    """Point `link` at `target_name` (relative) in one step."""
    temporary = link.with_name(f"{TEMPORARY}{link.name}")
    with suppress(FileNotFoundError):
        temporary.unlink()
    temporary.symlink_to(target_name)
    temporary.replace(link)
    fsync_path(link.parent)


def link_or_copy(source: Path, target: Path) -> None:
    """Make `target` (not there yet) a hard link to `source`, or a copy where the file system has
    none; that is said once a process."""
    try:
        os.link(source, target)
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        _say_no_links()
        shutil.copy2(source, target)


_NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.ENOSYS, errno.EXDEV, errno.EMLINK, errno.EINVAL)


@cache
def _say_no_links() -> None:
    log.info("this file system has no hard links: files are copied, which takes their space twice")


def fsync_path(path: Path) -> None:
    """Flush a file or a directory to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_temporaries(directory: Path) -> int:
    """Delete the temporary files of killed writers, at any depth; return how many."""
    leftovers = [p for p in directory.rglob(f"{TEMPORARY}*") if p.is_file() or p.is_symlink()]
    for path in leftovers:
        path.unlink(missing_ok=True)
    return len(leftovers)


def sha256_file(path: Path) -> str:
    """Return the hex sha256 of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_files(paths: Sequence[Path]) -> list[str]:
    """Return the hex sha256 of each of `paths`, hashed in parallel: hashing releases the GIL."""
    with ThreadPoolExecutor(max_workers=max(1, min(len(paths), os.cpu_count() or 1))) as pool:
        return list(pool.map(sha256_file, paths))
