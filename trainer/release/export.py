"""The flat zip that sidecars download: the six files, and for people a README and the calibration.

The same bytes every time; sidecars ignore what is not theirs.
"""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.release import contract
from trainer.release.calibration import CALIBRATION_JSON
from trainer.release.consumer import consumer
from trainer.release.files import read_manifest, require_intact
from trainer.release.readme import README, readme
from trainer.release.zip_entry import entry_of, put
from trainer.staging.atomic import read_json, sha256_file, whole_file

_CHUNK = 1 << 20


def export(directory: Path, out_dir: Path) -> Path:
    """Write `stash-sense-data-v<version>.zip` of an intact release; returns its path.

    The zip appears only after every member was read back and compared with the release.
    """
    require_intact(directory)
    target = zip_path(out_dir, read_manifest(directory).version)
    with whole_file(target) as temporary:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name in _members(directory):
                _add(archive, directory / name)
            put(archive, README, _readme(directory), packed=True)
        check_zip(temporary, directory)
    return target


def zip_path(out_dir: Path, version: str) -> Path:
    """Where the zip of a release of this version lies, once it is exported."""
    return out_dir / consumer("sidecar").archive_name(version)


def check_zip(path: Path, directory: Path) -> None:
    """Raise `DamagedFileError` unless `path` holds exactly the six files of `directory`, the
    calibration and the signature where there are any, and the README."""
    members = _members(directory)
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.namelist() != [*members, README]:
                raise DamagedFileError(
                    f"{path}: holds {archive.namelist()}, not the six files; export again"
                )
            changed = [n for n in members if _digest(archive, n) != sha256_file(directory / n)]
            if archive.read(README) != _readme(directory):
                changed.append(README)
            if changed:
                raise DamagedFileError(
                    f"{path}: {changed[0]} differs from the release; export again"
                )
    except zipfile.BadZipFile as error:
        raise DamagedFileError(f"{path}: {reason(error)}; export again") from error


def _members(directory: Path) -> list[str]:
    also = (contract.SIGNATURE, CALIBRATION_JSON)
    return sorted([*consumer("sidecar").members, *(n for n in also if (directory / n).exists())])


def _readme(directory: Path) -> bytes:
    path = directory / CALIBRATION_JSON
    calibration = read_json(path) if path.exists() else None
    return readme(read_json(directory / contract.MANIFEST), calibration).encode()


def _add(archive: zipfile.ZipFile, path: Path) -> None:
    """Vectors do not compress; text and tables do."""
    entry = entry_of(path.name, packed=path.suffix != ".voy")
    entry.file_size = path.stat().st_size  # lets zipfile choose zip64 where it must
    with path.open("rb") as source, archive.open(entry, "w") as target:
        shutil.copyfileobj(source, target, _CHUNK)


def _digest(archive: zipfile.ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    with archive.open(name) as stream:
        while chunk := stream.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
