"""A release directory as files: its manifest, its checksums, which release is current."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.errors import DamagedFileError, StageFailed
from trainer.release import contract
from trainer.staging.atomic import sha256_file
from trainer.staging.paths import DataDir

VERSION_ID = re.compile(r"^\d{8}_\d{6}$")
_VERSION = r"^\d{4}\.\d{2}\.\d{2}(\.[1-9])?$"


class Manifest(BaseModel):
    """manifest.json as consumers read it; further keys are theirs to ignore."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    version: str = Field(pattern=_VERSION)
    created_at: str
    performer_count: int = Field(ge=0)
    face_count: int = Field(ge=0)
    sources: list[str]
    models: dict[str, Any]
    checksums: dict[str, str]


def read_manifest(directory: Path) -> Manifest:
    """Raises `DamagedFileError` when it is missing or not what consumers expect."""
    path = directory / contract.MANIFEST
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DamagedFileError(f"{path}: missing; this is no complete release") from None
    except (ValidationError, UnicodeDecodeError) as error:
        raise DamagedFileError(f"{path}: not a manifest: {error}") from None


def hash_problems(directory: Path) -> list[str]:
    """What is wrong with the bytes of a release; empty when every file is as it was written."""
    problems: list[str] = []
    sums: dict[str, str] = {}
    try:
        for line in (directory / contract.SUMS).read_text(encoding="ascii").splitlines():
            digest, _, name = line.partition("  ")
            sums[name] = digest
    except (FileNotFoundError, UnicodeDecodeError) as error:
        return [f"{contract.SUMS}: {error}"]
    if set(sums) != set(contract.RELEASE_FILES):
        problems.append(f"{contract.SUMS} lists {sorted(sums)}, not the six files of a release")
    actual = {n: sha256_file(directory / n) for n in sorted(sums) if (directory / n).is_file()}
    for name in sorted(set(sums) & set(contract.RELEASE_FILES)):
        if name not in actual:
            problems.append(f"{name}: missing")
        elif actual[name] != sums[name]:
            problems.append(f"{name}: bytes changed since it was written")
    return problems or _manifest_problems(directory, actual)


def _manifest_problems(directory: Path, actual: dict[str, str]) -> list[str]:
    try:
        stated = read_manifest(directory).checksums
    except DamagedFileError as error:
        return [str(error)]
    expected = {name: f"sha256:{actual[name]}" for name in contract.CHECKSUMMED}
    return [] if stated == expected else ["manifest.json: checksums differ from the files"]


def require_intact(directory: Path) -> None:
    """Raise `DamagedFileError` unless all hashes of the release hold."""
    problems = hash_problems(directory)
    if problems:
        raise DamagedFileError(f"{directory}: {'; '.join(problems)}; build or restore it again")


def release_dirs(data: DataDir) -> list[Path]:
    """The published releases, oldest first."""
    if not data.releases.is_dir():
        return []
    return sorted(
        path
        for path in data.releases.iterdir()
        if VERSION_ID.match(path.name) and path.is_dir() and not path.is_symlink()
    )


def current_id(data: DataDir) -> str | None:
    """The version id that `current` points at; None before the first release."""
    if not data.current.is_symlink():
        return None
    name = data.current.readlink().name
    if not data.release(name).is_dir():
        raise DamagedFileError(f"{data.current} points at {name}, which is not there")
    return name


def find_release(data: DataDir, name: str) -> Path:
    """A release by version id, by version (`2026.11.23`, `v2026.11.23`), or `current`."""
    if name == "current":
        name = current_id(data) or name
    for path in release_dirs(data):
        if path.name == name:
            return path
    for path in release_dirs(data):
        try:
            if read_manifest(path).version == name.removeprefix("v"):
                return path
        except DamagedFileError:
            continue  # listed as damaged by `versions`; it has no version to be found by
    known = [path.name for path in release_dirs(data)]
    raise StageFailed(f"no release {name!r} in {data.releases}; known: {known or 'none'}")


def read_mapping(directory: Path, name: str) -> Any:
    """faces.json or performers.json of a release."""
    path = directory / name
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedFileError(f"{path}: {error}") from error
