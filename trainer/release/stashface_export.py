"""The four files that stashface loads, in one folder and in one zip."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from trainer.errors import ConfigError, StageFailed
from trainer.release.consumer import Consumer, consumer
from trainer.release.files import read_manifest, require_intact
from trainer.release.nearest_kept import NearestKept
from trainer.release.stashface_files import check_files, write_files
from trainer.release.stashface_people import read_people
from trainer.release.zip_entry import entry_of
from trainer.staging.atomic import TEMPORARY, fsync_path, whole_file

NAME = "stashface"
_CHUNK = 1 << 20


@dataclass(frozen=True)
class Exported:
    """What was written, and what the smaller numbers of the indexes cost."""

    folder: Path
    archive: Path
    faces: int
    performers: int
    without_stashdb: int
    nearest: dict[str, NearestKept]

    def as_json(self) -> dict[str, Any]:
        """Return it for `--json`."""
        return asdict(self)

    def lines(self) -> list[str]:
        """For people."""
        return [
            f"{self.folder}",
            f"{self.archive}",
            f"{self.performers} performers with a StashDB id, {self.faces} faces; "
            f"{self.without_stashdb} faces of others are left out",
            *(
                f"{name}: the nearest face is the exact one for {kept.face:.4f} of {kept.queries}, "
                f"its performer for {kept.performer:.4f}"
                for name, kept in self.nearest.items()
            ),
        ]


def export_stashface(
    directory: Path, out_dir: Path, password: str | None, seconds: float = float("inf")
) -> Exported:
    """Write `stashface-data-v<version>` and its zip of an intact release.

    Both appear only after they were read back as the server reads them; `seconds` is what an index
    may take. Raises `ConfigError` without a password, `StageFailed` for a release of another model
    pack or with too few faces.
    """
    described = consumer(NAME)
    if not password:
        raise ConfigError(
            "stashface opens persons.zip with a password; set TRAINER_STASHFACE_PASSWORD to the "
            "VISAGE_KEY of your server"
        )
    require_intact(directory)
    manifest = read_manifest(directory)
    described.require_pack(manifest)
    people = read_people(directory)
    if len(people.uuids) < described.min_faces:
        raise StageFailed(
            f"{len(people.uuids)} faces of performers with a StashDB id, {NAME} asks for "
            f"{described.min_faces}; add sources or pictures, and build again"
        )
    archive = out_dir / described.archive_name(manifest.version)
    folder = archive.with_suffix("")
    out_dir.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=TEMPORARY, dir=out_dir) as scratch:
        made = Path(scratch) / folder.name
        made.mkdir()
        nearest = write_files(described, directory, made, people, password, seconds)
        check_files(made, directory, people, password)
        _pack(described, made, archive)
        _replace(made, folder)
    known = len(set(people.uuids))
    return Exported(folder, archive, len(people.uuids), known, people.without, nearest)


def _pack(described: Consumer, made: Path, archive: Path) -> None:
    """Nothing of it gets smaller by packing."""
    with whole_file(archive) as temporary, zipfile.ZipFile(temporary, "w") as packed:
        for name in described.members:
            entry = entry_of(name, packed=False)
            with (
                (made / name).open("rb") as source,
                packed.open(entry, "w", force_zip64=True) as to,
            ):
                shutil.copyfileobj(source, to, _CHUNK)


def _replace(made: Path, folder: Path) -> None:
    if folder.exists():
        shutil.rmtree(folder)
    made.chmod(0o755)
    made.rename(folder)
    fsync_path(folder.parent)
