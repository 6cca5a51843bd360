"""Writes the six files of a release, and SHA256SUMS over all of them, into a directory."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from trainer.release import contract
from trainer.release.index import IndexResult, build_index
from trainer.release.inputs import ReleaseInputs
from trainer.release.sqlite_build import Conflict, write_database
from trainer.staging.atomic import sha256_file, write_bytes, write_json

PURPOSE = (
    "For organising one's own media library by the names of professional, adult performers "
    "whom community databases list."
)
LIMITS = (
    "A match is a suggestion to be checked by a person, never proof of identity. Not for finding "
    "out who a private person is: strangers can resemble a listed performer, and evaluate.json "
    "states how often that was measured. Holds no pictures, only numbers, hashes and addresses."
)


class ReleasePack(BaseModel):
    """The model pack as the manifest states it; further keys are passed on as they are."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str = Field(description="the pack's id with its identity hash")
    detector: str
    alignment: str
    flip_averaging: bool = True


@dataclass(frozen=True)
class BuildResult:
    directory: Path
    performers: int  # all in performers.db
    performers_with_faces: int  # manifest.performer_count
    faces: int
    conflicts: list[Conflict]
    indexes: dict[str, IndexResult]


def build(
    inputs: ReleaseInputs,
    out_dir: Path,
    *,
    version_id: str,
    version: str,
    created_at: str,
    pack: ReleasePack,
    sources: Iterable[str],
    advance: Callable[[int], Any] = lambda _count: None,
) -> BuildResult:
    """Write a release into `out_dir`; SHA256SUMS comes last, without it there is no release.

    `version_id` names the directory (YYYYMMDD_HHMMSS), `version` is what consumers compare
    (YYYY.MM.DD or .N), `created_at` is ISO. `advance` hears of every vector indexed (an index may
    be built more than once until its recall is good enough).
    """
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / contract.SUMS).unlink(missing_ok=True)
    conflicts = write_database(out_dir / contract.DATABASE, inputs, pack.id)
    indexes = {
        contract.FACENET_INDEX: inputs.facenet,
        contract.ARCFACE_INDEX: inputs.arcface,
    }
    built = {
        name: build_index(out_dir / name, vectors, advance=advance)
        for name, vectors in indexes.items()
    }
    with_faces = _write_mappings(out_dir, inputs)
    manifest = {
        "version": version,
        "created_at": created_at,
        "performer_count": with_faces,
        "face_count": len(inputs.faces),
        "sources": sorted(set(sources)),
        "models": _models(pack),
        "checksums": {
            name: f"sha256:{sha256_file(out_dir / name)}" for name in contract.CHECKSUMMED
        },
        "release_id": version_id,
        "schema_version": contract.SCHEMA_VERSION,
        "indexes": {name: result.as_json() for name, result in built.items()},
        "conflicts": dict(sorted(Counter(conflict.kind for conflict in conflicts).items())),
        "purpose": PURPOSE,
        "limits": LIMITS,
    }
    write_json(out_dir / contract.MANIFEST, manifest)
    write_sums(out_dir)
    return BuildResult(
        out_dir, len(inputs.performers), with_faces, len(inputs.faces), conflicts, built
    )


def write_sums(directory: Path) -> None:
    """SHA256SUMS of the six files, in the form that `sha256sum --check` reads."""
    lines = [f"{sha256_file(directory / n)}  {n}\n" for n in sorted(contract.RELEASE_FILES)]
    write_bytes(directory / contract.SUMS, "".join(lines).encode())


def _models(pack: ReleasePack) -> dict[str, Any]:
    fields = pack.model_dump()
    return {
        **{key: value for key, value in fields.items() if key != "id"},
        "pack": fields["id"],
        "facenet_dim": contract.DIMENSIONS,
        "arcface_dim": contract.DIMENSIONS,
    }


def _write_mappings(out_dir: Path, inputs: ReleaseInputs) -> int:
    """faces.json and performers.json; returns the number of performers with faces."""
    universal = {row["performer_id"]: row["universal_id"] for row in inputs.performers}
    counts = Counter(face["performer_id"] for face in inputs.faces)
    performers = {
        row["universal_id"]: {
            "name": row["canonical_name"],
            "country": row["country"],
            "image_url": row["image_url"],
            "face_count": counts[row["performer_id"]],
        }
        for row in inputs.performers
        if counts[row["performer_id"]] > 0
    }
    _write_compact(
        out_dir / contract.FACES_JSON, [universal[face["performer_id"]] for face in inputs.faces]
    )
    _write_compact(out_dir / contract.PERFORMERS_JSON, performers)
    return len(performers)


def _write_compact(path: Path, content: Any) -> None:
    """ASCII, because the sidecar opens these files in its platform's default encoding."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    write_bytes(path, (text + "\n").encode("ascii"))
