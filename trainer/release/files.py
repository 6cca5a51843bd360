"""A release directory as files: its manifest, its checksums, which release is current."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.errors import DamagedFileError, StageFailed
from trainer.reasons import reason
from trainer.release import contract
from trainer.staging.atomic import sha256_files, write_bytes
from trainer.staging.paths import PACKS, DataDir

VERSION_ID = re.compile(r"^\d{8}_\d{6}$")
_VERSION = r"^\d{4}\.\d{2}\.\d{2}(\.9{0,3}[1-9])?$"


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
        raise DamagedFileError(
            f"{path}: missing, so this is no complete release; build or restore it again"
        ) from None
    except (ValidationError, UnicodeDecodeError) as error:
        raise DamagedFileError(
            f"{path}: not a manifest: {reason(error)}; build or restore it again"
        ) from None


def hash_problems(directory: Path) -> list[str]:
    """What is wrong with the bytes of a release; empty when every file is as it was written."""
    try:
        sums = _read_sums(directory / contract.SUMS)
    except (OSError, ValueError) as error:
        return [f"{contract.SUMS}: {error}"]
    if set(sums) != set(contract.RELEASE_FILES):
        return [f"{contract.SUMS} lists {sorted(sums)}, not the six files of a release"]
    actual = digests(directory, (n for n in sorted(sums) if (directory / n).is_file()))
    problems = _changed(sums, actual) + _report_problems(directory)
    for pack in pack_releases(directory):
        problems += [f"{PACKS}/{pack.name}/{problem}" for problem in hash_problems(pack)]
    return problems or _manifest_problems(directory, actual)


def pack_releases(directory: Path) -> list[Path]:
    """The releases of further model packs that lie in this one, by name."""
    return sorted(path for path in (directory / PACKS).glob("*") if path.is_dir())


def digests(directory: Path, names: Iterable[str]) -> dict[str, str]:
    """sha256 of files of a directory, by name."""
    listed = list(names)
    return dict(zip(listed, sha256_files([directory / name for name in listed]), strict=True))


def _changed(sums: dict[str, str], actual: dict[str, str]) -> list[str]:
    missing = [f"{name}: missing" for name in sorted(sums) if name not in actual]
    changed = [n for n in sorted(actual) if actual[n] != sums[n]]
    return missing + [f"{name}: bytes changed since it was written" for name in changed]


def _read_sums(path: Path) -> dict[str, str]:
    """Digests by name; refuses every spelling but the one that `sums_text` gives."""
    raw = path.read_bytes()
    pairs = [line.partition("  ")[::2] for line in raw.decode("ascii").split("\n")[:-1]]
    sums = {name: digest for digest, name in pairs}
    if sums_text(sums) != raw:
        raise ValueError("not as it was written")
    return sums


def sums_text(sums: dict[str, str]) -> bytes:
    """In the form that `sha256sum --check` reads, by name."""
    return "".join(f"{sums[name]}  {name}\n" for name in sorted(sums)).encode()


def seal(directory: Path) -> None:
    """Sums over the files beside the six: reports, a signature, the sums of the releases of further
    packs, which are sealed first. What comes later is refused."""
    for pack in pack_releases(directory):
        seal(pack)
    files = [name for name in _beside(directory) if (directory / name).is_file()]
    sums = digests(directory, files)
    write_bytes(directory / contract.REPORT_SUMS, sums_text(sums))


def _beside(directory: Path) -> list[str]:
    own = {*contract.RELEASE_FILES, contract.SUMS, contract.REPORT_SUMS}
    here = [path.name for path in directory.iterdir() if path.name not in {*own, PACKS}]
    inside = [path / contract.SUMS for path in pack_releases(directory)]
    inside += [path / contract.REPORT_SUMS for path in pack_releases(directory)]
    return sorted([*here, *(str(path.relative_to(directory)) for path in inside)])


def _report_problems(directory: Path) -> list[str]:
    """Only a release that is not published yet, or is of an older trainer, may have no seal."""
    path = directory / contract.REPORT_SUMS
    if not path.exists():
        home = directory.resolve()
        published = home == DataDir(home.parents[1]).release(home.name)
        unsealed = published and _says_sealed(directory)
        return [f"{contract.REPORT_SUMS}: missing"] if unsealed else []
    try:
        sums = _read_sums(path)
    except (OSError, ValueError) as error:
        return [f"{contract.REPORT_SUMS}: {error}"]
    found = _beside(directory)
    unknown = [f"{name}: is not of this release" for name in found if name not in sums]
    actual = digests(
        directory, (name for name in found if name in sums and (directory / name).is_file())
    )
    return unknown + _changed(sums, actual)


def _says_sealed(directory: Path) -> bool:
    try:
        return bool((read_manifest(directory).model_extra or {}).get("sealed"))
    except DamagedFileError:
        return True  # its own line says what is wrong with it


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
        raise DamagedFileError(
            f"{data.current} points at {name}, which is not there; restore it, or build again"
        )
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
    raise StageFailed(
        f"no release {name!r} in {data.releases}; `trainer versions` lists what is there: "
        f"{known or 'none'}"
    )


def read_mapping(directory: Path, name: str) -> Any:
    """faces.json or performers.json of a release."""
    path = directory / name
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise DamagedFileError(f"{path}: {reason(error)}; build or restore it again") from error
