"""The disk that DATA_DIR lies on: space, inodes, what its file system can do, whose it is."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from trainer.health.finding import Finding, Level, ok, skipped
from trainer.runs.record import list_records
from trainer.staging.clock import iso, parse_iso
from trainer.staging.paths import DataDir
from trainer.upkeep.file_system import try_file_system

_FEW_BYTES = 10 * 10**9  # a build of a large library needs more; one of a small one less
_FEW_INODES = 100_000  # about as many pictures


def disk(data: DataDir, *, reader: bool = False) -> Iterator[Finding]:
    """Yield what is found of the disk; nothing is left behind on it. A `reader` may be one that
    can't write."""
    if not data.root.is_dir():
        yield Finding(
            "DATA_DIR",
            "bad",
            f"{data.root} is not there",
            "set DATA_DIR to a folder, or mount the volume",
        )
        return
    yield from _space(data.root)
    yield from _abilities(data.root, reader)
    yield _owner(data.root)


def _space(root: Path) -> Iterator[Finding]:
    found = os.statvfs(root)
    free = found.f_bavail * found.f_frsize
    text = f"{free / 1e9:.1f} GB free of {found.f_blocks * found.f_frsize / 1e9:.1f} GB"
    if free < _FEW_BYTES:
        yield Finding("disk", "warning", text, "free space, or lower TRAINER_KEEP_RELEASES")
    else:
        yield ok("disk", text)
    if not found.f_files:
        yield ok("inodes", "this file system has no limit of files")
    elif found.f_favail < _FEW_INODES:
        yield Finding(
            "inodes", "warning", f"room for {found.f_favail} files only", "delete files, or lower "
            "TRAINER_KEEP_PICTURES_DAYS"
        )  # fmt: skip
    else:
        yield ok("inodes", f"room for {found.f_favail} files")


def _abilities(root: Path, reader: bool) -> Iterator[Finding]:
    found = try_file_system(root)
    if found.writes and reader:
        yield skipped("write rights", "these pages may only read here; ask `trainer doctor`")
        return
    if found.writes:
        yield Finding(
            "write rights",
            "bad",
            f"user {os.geteuid()} can't write to {root} ({found.writes})",
            f"give it to that user (chown -R {os.geteuid()}:{os.getegid()} {root})",
        )
        return
    yield ok("write rights", f"user {os.geteuid()} can write to {root}")
    level: Level
    for name, works, level, text in (
        ("symbolic links", found.symlinks, "bad", "no release can become current"),
        ("file locks", found.locks, "bad", "two builds could meet"),
        ("hard links", found.hard_links, "warning", "each release takes its database twice"),
    ):
        if works:
            yield ok(name, "they work here")
        else:
            where = "put DATA_DIR on ext4, XFS, Btrfs, ZFS or NFS"
            yield Finding(name, level, f"there are none here: {text}", where)


def _owner(root: Path) -> Finding:
    """Files of another user make a later step fail: those at the top are looked at."""
    mine = os.geteuid()
    others = sorted(p.name for p in [root, *root.iterdir()] if p.lstat().st_uid != mine)
    if others and mine != 0:
        return Finding(
            "owner",
            "warning",
            f"{', '.join(others[:5])} are not of user {mine}",
            f"give them to that user (chown -R {mine}:{os.getegid()} {root})",
        )
    return ok("owner", f"all at the top of {root} is of user {mine}, or root reads it")


def clock(data: DataDir, moment: datetime, allowed: timedelta) -> Finding:
    """Compare the clock with the last run."""
    started = [parse_iso(e.record.started_at) for e in list_records(data) if e.record]
    last = max(started, default=None)
    if last is not None and last - moment > allowed:
        return Finding(
            "clock",
            "bad",
            f"this machine says {iso(moment)}, and the last run is of {iso(last)}",
            "set the clock right (is NTP on?)",
        )
    return ok("clock", f"it is {iso(moment)}")
