"""One flipped bit in a file of a DATA_DIR: who finds it, and what is read where nobody does."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from fnmatch import fnmatch
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow.parquet as pq

from trainer.embedding.pack import read_pack
from trainer.errors import DamagedFileError, TrainerError
from trainer.exclusions.entries import read_entries
from trainer.exclusions.list_file import bring_in, read_list
from trainer.reasons import plain_line
from trainer.release.files import hash_problems
from trainer.staging.atomic import read_json
from trainer.staging.budget_line import read_line
from trainer.staging.parquet import read_table
from trainer.staging.paths import DataDir
from trainer.staging.sealed_json import CHECKSUM
from trainer.upkeep.damage import check_state
from trainer.upkeep.repair import link_problem

Check = Callable[[Path], object]

# Written anew by each run, or for people only: nothing that a build does follows from them.
DERIVED = (
    "*.log", "*/progress.json", "*/requests.json", "runs.json", "metrics/*", ".build.lock",
    ".build.lock.leases/*",
    "*/.lock-*", "*/.record.lock", "*.db-shm", "origin.json",
)  # fmt: skip
# Of people, who may write any of it: read strictly, and without a checksum.
EDITED = ("sources.yaml", "gate.yaml")


def _release(path: Path) -> None:
    problems = hash_problems(path.parent)
    if problems:
        said = plain_line("; ".join(problems))
        raise DamagedFileError(f"{path.parent}: {said}; build it again")


def _performers(path: Path) -> None:
    release = DataDir(path.parent).release(path.stem.removeprefix("performers_"))
    problem = link_problem(path, release / "performers.db")
    if problem:
        raise DamagedFileError(f"{problem}; build it again")


def _image(path: Path) -> None:
    """As the embedder's `decode_file` does before it decodes anything."""
    if hashlib.sha256(path.read_bytes()).hexdigest() != path.name:
        raise DamagedFileError(f"{path}: its bytes are not those of its name; delete it")


def _budget(path: Path) -> None:
    try:
        read_line(path.read_bytes().decode("ascii", "replace"))
    except ValueError as error:
        raise DamagedFileError(f"{path}: {error}; delete it") from error


# The first that fits: which of our own checks reads the file before anything follows from it.
CHECKS: tuple[tuple[str, Check], ...] = (
    ("performers_*.db", _performers),
    ("releases/*", _release),
    ("images/*", _image),
    ("models/*", lambda path: read_pack(path.parent)),
    ("state.db", check_state),
    ("budget/*", _budget),
    ("exclusions.yaml", lambda path: read_list(DataDir(path.parent))),
    ("*.parquet", read_table),
    ("*.json", read_json),
)


def read_again(root: Path) -> Iterator[tuple[Path, Check]]:
    """Every file of a DATA_DIR that is read again; fails where nobody says who checks it."""
    for path in sorted(p for p in root.rglob("*") if p.is_file() and not p.is_symlink()):
        name = path.relative_to(root).as_posix()
        if not path.stat().st_size or any(fnmatch(name, rule) for rule in (*DERIVED, *EDITED)):
            continue
        check = next((check for rule, check in CHECKS if fnmatch(name, rule)), None)
        assert check, f"{name}: who finds a flipped bit in it? Add it to {__name__}"
        yield path, check


def kind_of(path: Path, root: Path) -> str:
    """What figures are counted by: the folder below a run, or at the top."""
    parts = path.relative_to(root).parts
    folder = parts[2] if parts[0] == "runs" and len(parts) > 3 else parts[0]
    return f"{folder.split('_2')[0]} {path.suffix if path.suffix else 'file'}".strip()


def content(path: Path) -> Any:
    """What a program reads that checks nothing; raises where it can't."""
    if path.suffix == ".parquet":
        table = pq.ParquetFile(path).read()  # noqa: TID251 - as one who checks nothing
        return table.schema, table.schema.metadata, table.to_pylist()
    if path.name == "state.db":
        return _rows(path)
    if path.name == "exclusions.yaml":
        return _excluded(path)
    if path.suffix == ".json":
        found = json.loads(path.read_text())
        if isinstance(found, dict):
            found.pop(CHECKSUM, None)
        return found
    return path.read_bytes()


def _excluded(path: Path) -> bool:
    """Is everybody excluded whom state.db excludes, when a build has brought the file in?"""
    with TemporaryDirectory() as scratch:
        data = DataDir(Path(scratch))
        for name in ("state.db", path.name):
            shutil.copy(path.with_name(name), scratch)
        before = {(entry.kind, entry.value) for entry in read_entries(data)}
        bring_in(data)
        return before <= {(entry.kind, entry.value) for entry in read_entries(data)}


def _rows(path: Path) -> Any:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as db:
        db.text_factory = bytes
        names = db.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        version = db.execute("PRAGMA user_version").fetchone()
        tables = [n.decode() for n, sql in names if sql and sql.startswith(b"CREATE TABLE")]
        rows = [db.execute(f"SELECT * FROM {name}").fetchall() for name in tables]  # noqa: S608
        return version, names, rows


def flip(path: Path, chance: random.Random) -> tuple[bytes, int]:
    """Flip one bit, in place; returns what was there and which bit."""
    before = path.read_bytes()
    bit = chance.randrange(len(before) * 8)
    changed = bytearray(before)
    changed[bit // 8] ^= 1 << bit % 8
    with path.open("r+b") as file:  # the same inode: a hard link sees it too
        file.write(changed)
    return before, bit


def put_back(path: Path, content: bytes) -> None:
    """Undo a flip."""
    with path.open("r+b") as file:
        file.write(content)


def outcome(path: Path, check: Check, before: Any) -> str:
    """`found`, `harmless` where the content is the same, or `silent`."""
    try:
        check(path)
    except (TrainerError, OSError) as error:
        assert path.name in str(error) or path.parent.name in str(error), error
        return "found"
    try:
        return "harmless" if content(path) == before else "silent"
    except Exception:  # nobody who reads it gets other data: it can't be read
        return "harmless"
