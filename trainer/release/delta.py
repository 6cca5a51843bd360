"""What changed between two releases as one small file, for those who have the older one."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from trainer.release import contract
from trainer.release.delta_read import Content, face_key, read_content
from trainer.release.files import read_manifest, require_intact
from trainer.release.index_read import load_index
from trainer.release.zip_entry import put
from trainer.staging.atomic import read_json, sha256_file, whole_file

EXACT = (contract.DATABASE, contract.FACES_JSON, contract.PERFORMERS_JSON)
CHANGES, ORDER = "changes.json", "order.npy"
FORMAT = 1
_BLOCK = 16_384
_SAME = 1e-6


def make_delta(old: Path, new: Path, out_dir: Path) -> Path:
    """Write `stash-sense-delta-v<old>-v<new>.zip`; the same two releases give the same bytes.

    It holds the documents of added and changed performers, ids of removed ones, the new order of
    faces with the rows of added and changed ones, and the vectors of added ones.
    """
    require_intact(old)
    require_intact(new)
    before, after = read_content(old), read_content(new)
    order = _order(before, after)
    _mark_embedded_again(order, old, new)
    versions = [read_manifest(path).version for path in (old, new)]
    target = out_dir / f"stash-sense-delta-v{versions[0]}-v{versions[1]}.zip"
    changes = {
        "format": FORMAT,
        "from": _digests(old),
        "to": _digests(new),
        "manifest": read_json(new / contract.MANIFEST),
        **_changes(before, after, order),
    }
    with whole_file(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        text = json.dumps(changes, sort_keys=True, separators=(",", ":"))
        put(archive, CHANGES, text.encode(), packed=True)
        put(archive, ORDER, _npy(np.diff(order, prepend=np.int32(0))), packed=True)
        added = np.flatnonzero(order < 0)
        for name in contract.INDEXES:
            vectors = np.zeros((0, contract.DIMENSIONS), np.float32)
            if added.size:
                vectors = np.asarray(load_index(new / name).get_vectors(added), np.float32)
            put(archive, f"{name}.npy", _npy(vectors), packed=False)
    return target


def _order(before: Content, after: Content) -> npt.NDArray[np.int32]:
    """For each new face the index of the same picture's face in the old release, or -1."""
    known = {face_key(face): number for number, face in enumerate(before.faces)}
    return np.array([known.get(face_key(face), -1) for face in after.faces], np.int32)


def _mark_embedded_again(order: npt.NDArray[np.int32], old: Path, new: Path) -> None:
    """A face whose vector is another one now counts as added."""
    for name in contract.INDEXES:
        before, after = load_index(old / name), load_index(new / name)
        kept = np.flatnonzero(order >= 0)
        for part in np.split(kept, range(_BLOCK, len(kept), _BLOCK)):
            if part.size:
                moved = after.get_vectors(part) - before.get_vectors(order[part])
                order[part[np.abs(moved).max(axis=1) > _SAME]] = -1


def _changes(before: Content, after: Content, order: npt.NDArray[np.int32]) -> dict[str, Any]:
    people = {n: d for n, d in after.people.items() if before.people.get(n) != d}
    rows = {
        index: list(face)
        for index, (face, old) in enumerate(zip(after.faces, order.tolist(), strict=True))
        if old < 0 or before.faces[old] != face
    }
    return {
        "people": people,
        "removed": [n for n in before.people if n not in after.people],
        "faces": rows,
        "whole": after.whole,
    }


def _digests(directory: Path) -> dict[str, str]:
    return {name: sha256_file(directory / name) for name in EXACT}


def _npy(values: npt.NDArray[Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, values, allow_pickle=False)
    return buffer.getvalue()
