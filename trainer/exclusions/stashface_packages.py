"""Which exports for stashface hold excluded people; they name nobody but by StashDB id."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

from trainer.exclusions.listed import Listed
from trainer.release.consumer import consumer


def stashface_packages(exports: Path) -> list[Path]:
    """Folders and zips, by name."""
    return sorted(exports.glob(Path(consumer("stashface").archive_name("*")).stem))


def stashface_holds(path: Path, listed: Listed) -> bool:
    """May an export hold one of these? It says of no picture where it is from, so that any
    excluded picture counts; and so does an export that can't be read."""
    name = consumer("stashface").files.faces
    try:
        if path.is_dir():
            content = (path / name).read_bytes()
        else:
            with zipfile.ZipFile(path) as archive:
                content = archive.read(name)
        uuids = set(json.loads(content))
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError):
        return True
    excluded = {number for source, number in listed.claims if source == "stashdb"}
    return bool(listed.images) or not uuids.isdisjoint(excluded)
