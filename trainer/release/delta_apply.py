"""The older release and a delta package give the newer one."""

from __future__ import annotations

import json
import sqlite3
import zipfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.errors import DamagedFileError, StageFailed
from trainer.reasons import reason
from trainer.release import contract
from trainer.release.delta import CHANGES, EXACT, FORMAT, ORDER
from trainer.release.delta_bounds import read_array, read_member
from trainer.release.delta_read import Content, read_content, tables_of
from trainer.release.files import require_intact
from trainer.release.index import MOST_REPLACED, Base, IndexOptions, build_index
from trainer.release.index_read import load_index
from trainer.release.sqlite_build import write_tables
from trainer.release.vector_file import Vectors
from trainer.release.write import write_compact, write_sums
from trainer.staging.atomic import TEMPORARY, sha256_file, write_json


def apply_delta(old: Path, package: Path, out_dir: Path) -> None:
    """Write the newer release into `out_dir`, which must not be there.

    performers.db, faces.json and performers.json are the newer release's byte for byte (else
    `DamagedFileError`); the indexes have its vectors under its ids, in their own graph, so the
    manifest has their own checksums and `applied_from`. Raises `StageFailed` where the package
    does not belong to `old`.
    """
    require_intact(old)
    if out_dir.exists():
        raise StageFailed(f"{out_dir} is there already; name a new directory")
    changes, order, added = _read(package)
    if changes["from"] != {name: sha256_file(old / name) for name in EXACT}:
        raise StageFailed(
            f"{package.name} is not for {old.name}; it needs another older release; name the one "
            "that it was made for"
        )
    before = read_content(old)
    try:
        content = _merged(before, changes, order)
    except _MALFORMED as error:
        raise _malformed(package, error) from error
    out_dir.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=TEMPORARY, dir=out_dir.parent) as name:
        making = Path(name) / out_dir.name
        making.mkdir()
        try:
            _make(old, package, changes, content, order, added, making)
        except _MALFORMED as error:
            raise _malformed(package, error) from error
        making.rename(out_dir)


def _make(
    old: Path,
    package: Path,
    changes: dict[str, Any],
    content: Content,
    order: npt.NDArray[np.int32],
    added: dict[str, Vectors],
    out_dir: Path,
) -> None:
    write_tables(out_dir / contract.DATABASE, tables_of(content))
    _write_mappings(out_dir, content)
    wrong = [n for n in EXACT if sha256_file(out_dir / n) != changes["to"][n]]
    if wrong:
        raise DamagedFileError(f"{package}: {wrong} came out different; get it anew")
    manifest: dict[str, Any] = changes["manifest"]
    for name in contract.INDEXES:
        options = IndexOptions(
            storage=manifest["indexes"][name].get("storage", "float32"),
            start=manifest["indexes"][name]["m"],
        )
        vectors = _vectors(load_index(old / name), order, added[name])
        build_index(out_dir / name, vectors, options, base=_base(old / name, order))
    for name in contract.CHECKSUMMED:
        manifest["checksums"][name] = f"sha256:{sha256_file(out_dir / name)}"
    write_json(out_dir / contract.MANIFEST, manifest | {"applied_from": package.name})
    write_sums(out_dir)


def _read(package: Path) -> tuple[dict[str, Any], npt.NDArray[np.int32], dict[str, Vectors]]:
    try:
        with zipfile.ZipFile(package) as archive:
            changes = json.loads(read_member(archive, CHANGES))
            order = np.cumsum(read_array(archive, ORDER, np.int32, [None]), dtype=np.int32)
            vectors = (int((order < 0).sum()), contract.DIMENSIONS)
            added = {
                name: read_array(archive, f"{name}.npy", np.float32, vectors)
                for name in contract.INDEXES
            }
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, *_MALFORMED) as error:
        raise _malformed(package, error) from error
    if not isinstance(changes, dict) or not changes.keys() >= _KEYS:
        raise DamagedFileError(f"{package}: not a delta package: parts are missing; get it anew")
    if changes["format"] != FORMAT:
        raise StageFailed(f"{package}: format {changes['format']!r}; update the trainer")
    return changes, order, added


_KEYS = {"format", "from", "to", "manifest", "people", "removed", "faces", "whole"}
# What reading values of other types and sizes than expected raises.
_MALFORMED = (
    ArithmeticError, AttributeError, LookupError, MemoryError, RecursionError, RuntimeError,
    TypeError, ValueError, sqlite3.Error,
)  # fmt: skip


def _malformed(package: Path, error: BaseException) -> DamagedFileError:
    return DamagedFileError(f"{package}: not a delta package: {reason(error)}; get it anew")


def _merged(old: Content, changes: dict[str, Any], order: npt.NDArray[np.int32]) -> Content:
    if len(order) and not (order.min() >= -1 and order.max() < len(old.faces)):
        raise ValueError("it names faces that the older release does not have")
    people = old.people | {int(number): doc for number, doc in changes["people"].items()}
    for number in changes["removed"]:
        del people[number]
    rows = {int(index): tuple(row) for index, row in changes["faces"].items()}
    faces = [rows[i] if i in rows else old.faces[at] for i, at in enumerate(order.tolist())]
    return Content(dict(sorted(people.items())), faces, changes["whole"])


def _write_mappings(out_dir: Path, content: Content) -> None:
    universal = {number: doc["universal_id"] for number, doc in content.people.items()}
    write_compact(out_dir / contract.FACES_JSON, [universal[face[0]] for face in content.faces])
    columns = contract.STRICT_COLUMNS["performers"][1:]
    shown = {"name": "canonical_name"} | {n: n for n in ("country", "image_url", "face_count")}
    performers = {}
    for doc in content.people.values():
        row = dict(zip(columns, doc["performer"], strict=True))
        if row["face_count"]:
            performers[doc["universal_id"]] = {key: row[name] for key, name in shown.items()}
    write_compact(out_dir / contract.PERFORMERS_JSON, performers)


def _vectors(index: Any, order: npt.NDArray[np.int32], added: Vectors) -> Vectors:
    vectors = np.empty((len(order), contract.DIMENSIONS), np.float32)
    kept = order >= 0
    if kept.any():
        vectors[kept] = index.get_vectors(order[kept])
    vectors[~kept] = added
    return vectors


def _base(path: Path, order: npt.NDArray[np.int32]) -> Base | None:
    """The old index itself, where most faces are at their place of the old release."""
    count = len(load_index(path))
    replaced = np.flatnonzero(order[:count] != np.arange(count)[: len(order)]).astype(np.int64)
    few = count <= len(order) and len(replaced) <= MOST_REPLACED * len(order)
    return Base(path, count, replaced) if few and count else None
