"""What an operator does with a release: check, keep, bring back, export.

The short ones by the library; those that read every byte by `trainer ...`, see `command`.
"""

from __future__ import annotations

from pathlib import Path

from reports.actions import command
from reports.actions.command import Command
from reports.actions.reasons import require_reason
from reports.actions.role import require_operator
from reports.actions.stored import stores
from trainer.release import contract
from trainer.release.consumer import consumers
from trainer.release.export import zip_path
from trainer.retention.releases import pin as keep
from trainer.retention.releases import unpin as let_go
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir


def verify(data: DataDir, release: str) -> Command:
    """Start to check the release against the sidecar's contract, down to the last bit."""
    return command.start(data, f"Verify {release}", "verify", "--", release)


def export(data: DataDir, release: str) -> Command:
    """Start to write the zip that the sidecar's updater takes."""
    return command.start(data, f"Export {release}", "export", "--", release)


def export_for(data: DataDir, release: str, consumer: str) -> Command:
    """Start to write what another consumer than the sidecar loads."""
    title = f"Export {release} for {consumer}"
    return command.start(data, title, "export", "--for", consumer, "--", release)


def make_current(data: DataDir, release: str) -> Command:
    """Start to publish the release's content again, under a new version."""
    return command.start(data, f"Make {release} current again", "rollback", "--", release)


@stores("pin")
def pin(data: DataDir, release: str, reason: str) -> str:
    """Keep the release whatever the retention says; returns a sentence."""
    require_operator()
    return f"release {keep(data, release, require_reason(reason), iso(now()))} is pinned"


@stores("unpin")
def unpin(data: DataDir, release: str) -> str:
    """Leave the release to the retention again; returns a sentence."""
    require_operator()
    return f"release {let_go(data, release)} is not pinned any more"


def downloads(data: DataDir, release: str, version: str) -> list[Path]:
    """The files of a release that are there to be downloaded: its database, its zips."""
    database = data.release(release) / contract.DATABASE
    zips = [data.exports / each.archive_name(version) for each in consumers().values()]
    return [path for path in (database, *zips) if path.is_file()]


def sidecar_commands(data: DataDir, version: str) -> list[str]:
    """The two commands that put an exported release on a sidecar."""
    archive = zip_path(data.exports, version)
    return [f"unzip -o '{archive}' -d /path/to/stash-sense/data", "docker restart stash-sense"]
