"""Writes the six files of a release, and SHA256SUMS over all of them, into a directory."""

from __future__ import annotations

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from trainer.release import contract
from trainer.release.files import digests, sums_text
from trainer.release.grow import Kept, keep
from trainer.release.index import Base, IndexOptions, IndexResult, build_index
from trainer.release.inputs import VECTOR_COLUMNS, ReleaseInputs
from trainer.release.sqlite_build import write_database
from trainer.release.sqlite_rows import Conflict
from trainer.staging.atomic import write_bytes, write_json

log = logging.getLogger(__name__)

PURPOSE = (
    "For organising one's own media library by the names of professional, adult performers "
    "whom community databases list."
)
LIMITS = (
    "A match is a suggestion to be checked by a person, never proof of identity. Not for finding "
    "out who a private person is: strangers can resemble a listed performer, and evaluate.json "
    "states how often that was measured. Holds no pictures, only numbers, hashes and addresses."
)


_SHOWN = ("country", "image_url")


class ReleasePack(BaseModel):
    """The model pack as the manifest states it; further keys are passed on as they are."""

    model_config = ConfigDict(extra="allow", frozen=True)

    id: str = Field(description="the pack's id with its identity hash")
    detector: str
    alignment: str
    flip_averaging: bool = True


@dataclass(frozen=True)
class BuildResult:
    """What was built, and the facts of which several sources claimed one (`conflicts`)."""

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
    options: IndexOptions | None = None,
    base: Path | None = None,
    advance: Callable[[int], Any] = lambda _count: None,
) -> BuildResult:
    """Write a release into `out_dir`; SHA256SUMS is written last, without it there is no release.

    `version_id` names the directory (YYYYMMDD_HHMMSS), `version` is what consumers compare
    (YYYY.MM.DD or .N), `created_at` is ISO. `base` is the last release: where little has
    changed, its indexes grow. `advance` is called with the number of vectors indexed since its last
    call (an index may be built more than once until its recall is good enough).
    """
    options = options or IndexOptions()
    out_dir.mkdir(parents=True, exist_ok=True)
    (out_dir / contract.SUMS).unlink(missing_ok=True)
    kept = keep(inputs, base, pack.id, options.storage)
    inputs = kept.inputs if kept else inputs
    conflicts, with_faces = _write_performers(out_dir, inputs, pack.id)
    built = _build_indexes(inputs, out_dir, options, base, kept, advance)
    result = BuildResult(
        out_dir, len(inputs.performers), with_faces, len(inputs.faces), conflicts, built
    )
    stated = {
        "version": version,
        "created_at": created_at,
        "release_id": version_id,
        "sources": sorted(set(sources)),
        "models": _models(pack),
    }
    _seal(result, stated)
    return result


def _write_performers(
    out_dir: Path, inputs: ReleaseInputs, pack_id: str
) -> tuple[list[Conflict], int]:
    """Write performers.db and the JSON files; return conflicts, and the number of performers with
    faces."""
    conflicts = write_database(out_dir / contract.DATABASE, inputs, pack_id)
    with_faces = _write_mappings(out_dir, inputs)
    log.info(
        f"build_release: {contract.DATABASE}: {len(inputs.performers)} performers, "
        f"{len(inputs.faces)} faces"
    )
    return conflicts, with_faces


def _seal(result: BuildResult, stated: dict[str, Any]) -> None:
    """Write manifest.json, of what is `stated` and what was built, then SHA256SUMS."""
    sums = digests(result.directory, contract.CHECKSUMMED)
    manifest = stated | {
        "performer_count": result.performers_with_faces,
        "face_count": result.faces,
        "checksums": {name: f"sha256:{digest}" for name, digest in sums.items()},
        "schema_version": contract.SCHEMA_VERSION,
        "indexes": {name: index.as_json() for name, index in result.indexes.items()},
        "conflicts": dict(sorted(Counter(conflict.kind for conflict in result.conflicts).items())),
        "purpose": PURPOSE,
        "limits": LIMITS,
        "sealed": True,
    }
    write_json(result.directory / contract.MANIFEST, manifest)
    sums |= digests(result.directory, [contract.MANIFEST])
    write_bytes(result.directory / contract.SUMS, sums_text(sums))


def _build_indexes(
    inputs: ReleaseInputs,
    out_dir: Path,
    options: IndexOptions,
    base: Path | None,
    kept: Kept | None,
    advance: Callable[[int], Any],
) -> dict[str, IndexResult]:
    """Write both models' indexes, one after the other: one alone fills the memory."""
    built = {}
    for name, column in zip(contract.INDEXES, VECTOR_COLUMNS, strict=True):
        vectors = inputs.vectors(column, out_dir)
        begin = Base(base / name, kept.count) if base and kept else None
        built[name] = build_index(out_dir / name, vectors, options, base=begin, advance=advance)
        del vectors
        log.info("build_release: %s", _describe(name, built[name], (out_dir / name).stat().st_size))
        options = replace(options, start=built[name].m)  # the other model's is hardly easier
    return built


def _describe(name: str, result: IndexResult, size: int) -> str:
    curve = ", ".join(f"M={p.m} recall@1 {p.recall_at_1:.4f}" for p in result.curve)
    return f"{name}: {result.made}, {result.storage}, {size / 1e6:.1f} MB; {curve}"


def write_sums(directory: Path) -> None:
    """Write SHA256SUMS of the six files."""
    write_bytes(directory / contract.SUMS, sums_text(digests(directory, contract.RELEASE_FILES)))


def _models(pack: ReleasePack) -> dict[str, Any]:
    fields = pack.model_dump()
    return {
        **{key: value for key, value in fields.items() if key != "id"},
        "pack": fields["id"],
        "facenet_dim": contract.DIMENSIONS,
        "arcface_dim": contract.DIMENSIONS,
    }


def _write_mappings(out_dir: Path, inputs: ReleaseInputs) -> int:
    """Write faces.json and performers.json; return the number of performers with faces."""
    people = inputs.performers
    names = people.select("performer_id", "universal_id")
    faces = inputs.faces.select("performer_id").join(
        names, on="performer_id", how="left", maintain_order="left"
    )
    counts = faces.group_by("universal_id").agg(pl.len().alias("face_count"))
    listed = people.join(counts, on="universal_id", maintain_order="left").select(
        "universal_id", pl.col("canonical_name").alias("name"), *_SHOWN, "face_count"
    )
    performers = {row.pop("universal_id"): row for row in listed.iter_rows(named=True)}
    write_compact(out_dir / contract.FACES_JSON, faces["universal_id"].to_list())
    write_compact(out_dir / contract.PERFORMERS_JSON, performers)
    return len(performers)


def write_compact(path: Path, content: Any) -> None:
    """Write compact JSON with sorted keys, in ASCII: the sidecar opens these files in its
    platform's default encoding."""
    text = json.dumps(content, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    write_bytes(path, (text + "\n").encode("ascii"))
