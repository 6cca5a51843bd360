"""`exclusions.yaml`: the exclusion list as a file of its own, beside state.db.

What is listed there is excluded, whatever state.db says: a state.db that was lost, or restored
from an old backup, brings nobody back. Every change of the list writes the file; `trainer exclude
remove` takes an entry out of both. A line that only disappears from the file is written again.
"""

from __future__ import annotations

import logging
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from trainer.errors import ConfigError
from trainer.exclusions.entries import Exclusion, Kind, MemberKind, read_entries
from trainer.reasons import problems, reason
from trainer.staging.atomic import write_bytes
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding
from trainer.state.guard import refuse_new_state

log = logging.getLogger(__name__)

_DEEPEST = 10
_HEAD = """\
# Who and what is in no crawl and no release. Written by `trainer exclude`; keep it in your backup.
# Whatever is listed here is excluded, also where state.db was lost or is older. To take an entry
# back use `trainer exclude remove`: a line that is only deleted here is written again.
# id: source:source_id; url: an address; person: name|YYYY-MM-DD; image: a sha256, or phash:...
# `with`: records, pictures and links (by hash) that were found to belong to the entry.
"""


class ListedExclusion(BaseModel):
    """One entry of the file; `members` are `kind value` texts."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    kind: Kind
    value: str = Field(min_length=1)
    reason: str = Field("listed in exclusions.yaml", min_length=1)
    added_at: str = ""
    members: list[str] = Field([], alias="with")

    def pairs(self) -> Iterator[tuple[str, str]]:
        """Yield kind and value of each member."""
        for text in self.members:
            kind, _, value = text.partition(" ")
            yield kind, value


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    exclusions: list[ListedExclusion] = []


def list_path(data: DataDir) -> Path:
    """Return where the file lies."""
    return data.root / "exclusions.yaml"


def read_list(data: DataDir) -> list[ListedExclusion] | None:
    """Return the entries of the file; None where there is none. Raises `ConfigError`."""
    path = list_path(data)
    try:
        raw = path.read_bytes()
        _check_depth(raw)
        content = yaml.load(raw, Loader=yaml.CSafeLoader)
        found = _File.model_validate(content or {}).exclusions
    except FileNotFoundError:
        return None
    except ValidationError as error:
        raise ConfigError(f"{path}: {problems(error)}; correct it in that file") from None
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigError(
            f"{path}: not valid YAML in UTF-8: {reason(error)}; correct it, or restore it from "
            "your backup"
        ) from None
    _check_members(path, found)
    return found


def _check_depth(raw: bytes) -> None:
    """Raise `ValueError` for what is nested deeper than a list is: the parser in C, which reads
    long lists at once, would take the stack for it."""
    depth = 0
    for event in yaml.parse(raw, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEEPEST:
            raise ValueError("nested too deep")


def _check_members(path: Path, found: Iterable[ListedExclusion]) -> None:
    known = MemberKind.__args__  # type: ignore[attr-defined]
    for entry in found:
        for kind, value in entry.pairs():
            if kind not in known or not value:
                raise ConfigError(
                    f"{path}: {entry.value}: {kind!r} is no kind of member; write one of "
                    f"{', '.join(known)} and a value"
                )


@contextmanager
def changing_list(data: DataDir) -> Iterator[sqlite3.Connection]:
    """Open a writing transaction on the list: the file's entries are brought in first, and the file
    is written from the result."""
    refuse_new_state(data.state_db)
    listed = read_list(data) or []
    with deciding(data) as db:
        _bring_in(db, listed)
        yield db
        write_list(data, db)


def bring_in(data: DataDir) -> int:
    """Exclude what only exclusions.yaml lists, and write the file where it lacks something.

    Returns how many entries state.db did not have. Writes nothing where both say the same.
    """
    refuse_new_state(data.state_db)
    listed = read_list(data)
    in_force = read_entries(data)
    if listed is not None and _as_pairs(listed) == _pairs_of(in_force):
        return 0
    had = {(entry.kind, entry.value) for entry in in_force}
    new = [entry for entry in listed or () if (entry.kind, entry.value) not in had]
    with changing_list(data):
        pass
    for entry in new:
        log.info(f"exclusions.yaml: {entry.kind} {entry.value} is excluded; state.db lacked it")
    return len(new)


def write_list(data: DataDir, db: sqlite3.Connection) -> None:
    """Write the file from the entries in force in `db`."""
    members: dict[int, list[str]] = defaultdict(list)
    for number, kind, value in db.execute(
        "SELECT exclusion_id, kind, value FROM exclusion_members ORDER BY 1, 2, 3"
    ):
        members[number].append(f"{kind} {value}")
    rows = db.execute(
        "SELECT id, kind, value, reason, added_at FROM exclusions "
        "WHERE removed_at IS NULL ORDER BY id"
    )
    entries: list[dict[str, Any]] = [
        {"kind": kind, "value": value, "reason": why, "added_at": at, "with": members[number]}
        for number, kind, value, why, at in rows
    ]
    _write_file(list_path(data), entries)


def merge_lists(path: Path, listed: Iterable[ListedExclusion]) -> None:
    """Write the entries to `path`, each once, with the members that any of its spellings has."""
    merged: dict[tuple[str, str], ListedExclusion] = {}
    for entry in listed:
        known = merged.setdefault((entry.kind, entry.value), entry)
        known.members = sorted({*known.members, *entry.members})
    _write_file(path, [entry.model_dump(by_alias=True) for entry in merged.values()])


def _write_file(path: Path, entries: list[dict[str, Any]]) -> None:
    text = yaml.dump(
        {"exclusions": entries}, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True
    )
    write_bytes(path, (_HEAD + text).encode())


def _bring_in(db: sqlite3.Connection, listed: Iterable[ListedExclusion]) -> None:
    for entry in listed:
        db.execute(
            "INSERT INTO exclusions (kind, value, reason, added_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (entry.kind, entry.value, entry.reason, entry.added_at or iso(now())),
        )
        db.executemany(
            "INSERT OR IGNORE INTO exclusion_members SELECT id, ?3, ?4 FROM exclusions "
            "WHERE kind = ?1 AND value = ?2 AND removed_at IS NULL",
            [(entry.kind, entry.value, kind, value) for kind, value in entry.pairs()],
        )


def _as_pairs(listed: Iterable[ListedExclusion]) -> set[tuple[str, ...]]:
    return {(entry.kind, entry.value, *pair) for entry in listed for pair in [(), *entry.pairs()]}


def _pairs_of(entries: Iterable[Exclusion]) -> set[tuple[str, ...]]:
    return {(e.kind, e.value, *pair) for e in entries for pair in [(), *e.members]}
