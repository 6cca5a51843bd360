"""Which releases and packages hold people or pictures that are excluded."""

from __future__ import annotations

import json
import shutil
import sqlite3
import zipfile
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from trainer.errors import DamagedFileError, StageFailed
from trainer.exclusions.entries import claim_of, read_exclusions
from trainer.exclusions.list_file import bring_in
from trainer.exclusions.listed import Listed
from trainer.exclusions.stashface_packages import stashface_holds, stashface_packages
from trainer.reasons import reason
from trainer.release.contract import DATABASE
from trainer.release.delta import CHANGES
from trainer.release.delta_read import SHA
from trainer.release.files import pack_releases
from trainer.staging.atomic import TEMPORARY
from trainer.staging.paths import DataDir
from trainer.state.store import Claim


def holds(release: Path, listed: Listed) -> bool:
    """Do the databases of a release, also of further model packs, have one of these? Raises
    `DamagedFileError`."""
    return any(_database_holds(each, listed) for each in (release, *pack_releases(release)))


def _database_holds(release: Path, listed: Listed) -> bool:
    path = release / DATABASE
    if not path.exists():
        return False
    uri = f"{path.absolute().as_uri()}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True)) as db:
            rows = db.execute(
                "SELECT endpoint, stashbox_performer_id FROM stashbox_ids "
                "UNION SELECT endpoint, merged_stashbox_id FROM merged_ids"
            )
            if any(row in listed.claims for row in rows):
                return True
            images = db.execute("SELECT image_sha256 FROM face_provenance")
            return any(row[0] in listed.images for row in images)
    except sqlite3.DatabaseError as error:
        raise DamagedFileError(f"{path}: {reason(error)}; build or restore it again") from error


def may_hold(release: Path, listed: Listed) -> bool:
    """Return `holds`, and True for a release that can't be read."""
    try:
        return holds(release, listed)
    except DamagedFileError:
        return True


def refuse_excluded(data: DataDir, release: Path) -> None:
    """Raise `StageFailed` for a release with a person or a picture that was excluded since.

    Compares ids and picture hashes; people excluded by name or link only are found by the ids that
    `trainer exclude` noted.
    """
    bring_in(data)
    found = read_exclusions(data)
    listed = Listed(frozenset(map(claim_of, found.claims)), frozenset(found.images))
    if holds(release, listed):
        raise StageFailed(
            f"{release.name} holds people or pictures that were excluded since; `trainer build` "
            "makes a release without them"
        )


def drop_packages(data: DataDir, listed: Listed) -> list[str]:
    """Delete the zips and deltas that hold one of these, or can't be read; return their names.

    They can be exported again from releases that hold none.
    """
    for path in data.exports.glob(f"{TEMPORARY}*"):  # of a killed export, or of a killed purge
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    packages = sorted(data.exports.glob("stash-sense-*.zip"))
    found = [path for path in packages if _package_holds(path, listed)]
    found += [path for path in stashface_packages(data.exports) if stashface_holds(path, listed)]
    for path in found:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return [path.name for path in found]


def _package_holds(path: Path, listed: Listed) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            if CHANGES in archive.namelist():
                return _delta_holds(json.loads(archive.read(CHANGES)), listed)
            with TemporaryDirectory(prefix=TEMPORARY, dir=path.parent) as scratch:
                archive.extract(DATABASE, scratch)
                return may_hold(Path(scratch), listed)
    except (zipfile.BadZipFile, KeyError, ValueError, TypeError, IndexError):
        return True


def _delta_holds(changes: dict[str, Any], listed: Listed) -> bool:
    """Does a delta (the content of its changes file) bring one of these?"""
    cells = {cell for table in changes["whole"].values() for row in table for cell in row}
    return (
        bool(_claims_of(changes["people"].values()) & listed.claims)
        or any(face[SHA] in listed.images for face in changes["faces"].values())
        or any(number in cells for _, number in listed.claims)
    )


def _claims_of(documents: Iterable[dict[str, Any]]) -> set[Claim]:
    """Return the records of the performers in a delta, merged ones among them."""
    found: set[Claim] = set()
    for document in documents:
        found.update((source, number) for source, number, *_ in document.get("stashbox_ids", ()))
        found.update((source, number) for number, source, *_ in document.get("merged_ids", ()))
    return found
