"""The flat zip that sidecars download: exactly the six files, the same bytes every time."""

from __future__ import annotations

import hashlib
import shutil
import zipfile
from pathlib import Path

from trainer.errors import DamagedFileError
from trainer.reasons import reason
from trainer.release import contract
from trainer.release.files import read_manifest, require_intact
from trainer.release.zip_entry import entry_of
from trainer.staging.atomic import sha256_file, whole_file

_CHUNK = 1 << 20


def export(directory: Path, out_dir: Path) -> Path:
    """Write `stash-sense-data-v<version>.zip` of an intact release; returns its path.

    The zip appears only after every member was read back and compared with the release.
    """
    require_intact(directory)
    target = out_dir / f"stash-sense-data-v{read_manifest(directory).version}.zip"
    with whole_file(target) as temporary:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name in _members(directory):
                _add(archive, directory / name)
        check_zip(temporary, directory)
    return target


def check_zip(path: Path, directory: Path) -> None:
    """Raise `DamagedFileError` unless `path` holds exactly the six files of `directory`, and the
    signature where there is one (sidecars ignore it)."""
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.namelist() != _members(directory):
                raise DamagedFileError(
                    f"{path}: holds {archive.namelist()}, not the six files; export again"
                )
            for name in archive.namelist():
                if _digest(archive, name) != sha256_file(directory / name):
                    raise DamagedFileError(f"{path}: {name} differs from the release; export again")
    except zipfile.BadZipFile as error:
        raise DamagedFileError(f"{path}: {reason(error)}; export again") from error


def _members(directory: Path) -> list[str]:
    signed = (directory / contract.SIGNATURE).exists()
    return sorted([*contract.RELEASE_FILES, *([contract.SIGNATURE] if signed else [])])


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
