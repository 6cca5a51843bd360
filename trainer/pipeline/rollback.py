"""An older release's content again, under a new version: sidecars take only what is newer."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from trainer.errors import StageFailed
from trainer.release import contract
from trainer.release.calibration import CALIBRATION_JSON
from trainer.release.diff import diff, write_diff
from trainer.release.evaluation import EVALUATE_JSON
from trainer.release.files import (
    current_id,
    find_release,
    pack_releases,
    read_manifest,
    release_dirs,
    require_intact,
)
from trainer.release.publish import free_moment, next_version, publish
from trainer.release.removal import STAGED, sweep
from trainer.release.signing import require_own
from trainer.release.verify import verify, write_report
from trainer.release.write import write_sums
from trainer.staging.atomic import link_or_copy, read_json, write_json
from trainer.staging.clock import iso, version_id
from trainer.staging.lock import build_lock
from trainer.staging.paths import PACKS, DataDir
from trainer.state.store import note_published, published_versions

Refuse = Callable[[Path], None]


def rollback(
    data: DataDir,
    release: str,
    moment: datetime,
    refuse: Refuse = lambda _path: None,
    key: Path | None = None,
) -> str:
    """Publish `release` again; returns a line for people. Builds planned before it are refused.

    `refuse` raises for a release that must not come back (somebody in it was excluded since).
    """
    with build_lock(data.lock):
        old = find_release(data, release)
        if old.name == current_id(data):
            raise StageFailed(f"release {old.name} is the current one already; name another")
        require_intact(old)
        if key is not None:
            require_own(old, key)  # it is about to be signed anew
        refuse(old)
        sweep(data)
        unfinished = _unfinished(data, old)
        if unfinished is not None:
            publish(data, unfinished, unfinished.name, key)
            return _done(unfinished, old)
        new_id = version_id(free_moment(data, moment))
        version = next_version(data, moment.date(), also=published_versions(data.state_db))
        staged = _staged(data, old, new_id, version, iso(moment))
        note_published(data.state_db, f"rollback_{new_id}", new_id, version, iso(moment))
        published = publish(data, staged, new_id, key)
        staged.parent.rmdir()
    return _done(published, old)


def _done(published: Path, old: Path) -> str:
    version = read_manifest(published).version
    return (
        f"release {published.name} (version {version}) is current, with the content of {old.name}"
    )


def _unfinished(data: DataDir, old: Path) -> Path | None:
    """The release of a rollback to `old` that was killed before it became current."""
    newest = release_dirs(data)[-1]
    again = (read_manifest(newest).model_extra or {}).get("republished_from")
    late = newest.name > (current_id(data) or "")
    return newest if late and again == read_manifest(old).version else None


def _staged(data: DataDir, old: Path, new_id: str, version: str, at: str) -> Path:
    """The old release's files beside the published ones, with their own manifest."""
    staged = data.releases / f"{STAGED}{new_id}" / "release"
    shutil.rmtree(staged.parent, ignore_errors=True)
    staged.mkdir(parents=True)
    again = {"version": version, "created_at": at, "release_id": new_id}
    _fill(old, staged, again)
    for pack in pack_releases(old):
        _fill(pack, staged / PACKS / pack.name, again)
    write_diff(staged, diff(data.current.resolve(), staged))
    return staged


def _fill(old: Path, staged: Path, again: dict[str, str]) -> None:
    """Make `staged` the release `old` under the version of `again`, verified."""
    staged.mkdir(parents=True, exist_ok=True)
    for name in contract.CHECKSUMMED:
        link_or_copy(old / name, staged / name)
    manifest: dict[str, Any] = read_json(old / contract.MANIFEST)
    manifest |= {**again, "republished_from": manifest["version"], "sealed": True}
    write_json(staged / contract.MANIFEST, manifest)
    write_sums(staged)
    report = verify(staged)
    if not report.ok:
        raise StageFailed(
            f"{old} does not fit the sidecar's contract; choose another release "
            f"({'; '.join(report.failures())})"
        )
    write_report(staged, report)
    for name in (EVALUATE_JSON, CALIBRATION_JSON):
        if (old / name).exists():
            shutil.copy(old / name, staged / name)
