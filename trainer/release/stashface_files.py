"""The four files that stashface loads: written, and read back as its server reads them."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pyzipper

from trainer.errors import StageFailed
from trainer.release import contract
from trainer.release.consumer import Consumer
from trainer.release.index import IndexOptions, build_index
from trainer.release.index_read import load_index
from trainer.release.nearest_kept import NearestKept, nearest_kept
from trainer.release.stashface_people import People
from trainer.release.stashface_reader import PERSONS_MEMBER, StashfaceReader
from trainer.release.write import write_compact
from trainer.staging.atomic import whole_file

log = logging.getLogger(__name__)

WANTED = 0.99  # of the nearest performers; below it the log says so
_SAMPLE = 200  # faces that are named again, to check what was written


def write_files(
    described: Consumer,
    directory: Path,
    made: Path,
    people: People,
    password: str,
    seconds: float,
) -> dict[str, NearestKept]:
    """Write the four files of the release in `directory` into `made`; `seconds` is what an index
    may take. Returns what the smaller numbers cost, by index."""
    files = described.files
    options = IndexOptions(storage="e4m3", budget=seconds)
    nearest = {}
    for source, target, rows in (
        (contract.FACENET_INDEX, files.facenet, people.facenet),
        (contract.ARCFACE_INDEX, files.arcface, people.arcface),
    ):
        vectors = load_index(directory / source).get_vectors(rows)
        build_index(made / target, vectors, options)
        kept = nearest_kept(load_index(made / target), vectors, people.uuids)
        if kept.performer < WANTED:
            log.warning(f"{target}: the nearest performer is kept for {kept.performer:.4f} only")
        nearest[target] = kept
    write_compact(made / files.faces, people.uuids)
    _write_persons(made / files.performers, people.persons, password)
    return nearest


def _write_persons(path: Path, persons: dict[str, dict[str, str]], password: str) -> None:
    write_compact(path.with_name(PERSONS_MEMBER), persons)
    member = path.with_name(PERSONS_MEMBER)
    with (
        whole_file(path) as temporary,
        pyzipper.AESZipFile(
            temporary, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES
        ) as archive,
    ):
        archive.setpassword(password.encode())
        archive.write(member, PERSONS_MEMBER)
    member.unlink()


def check_files(made: Path, directory: Path, people: People, password: str) -> None:
    """Raise `StageFailed` unless the files, read as the server reads them, name the faces that
    they were made of."""
    reader = StashfaceReader(made, password)
    if reader.uuids != people.uuids or reader.persons != people.persons:
        raise StageFailed(f"{made.name}: reads differently from what was written; export again")
    rows = np.unique(np.linspace(0, len(people.uuids) - 1, _SAMPLE, dtype=np.int64))
    facenet, arcface = (
        load_index(directory / name).get_vectors(ids[rows])
        for name, ids in (
            (contract.FACENET_INDEX, people.facenet),
            (contract.ARCFACE_INDEX, people.arcface),
        )
    )
    named = [
        people.uuids[row] in [found.uuid for found in reader.name(one, other, results=2)]
        for row, one, other in zip(rows, facenet, arcface, strict=True)
    ]
    if sum(named) < WANTED * len(named):
        raise StageFailed(
            f"{made.name}: only {sum(named)} of {len(named)} faces are named as they should be; "
            "raise TRAINER_INDEX_MINUTES and export again"
        )
