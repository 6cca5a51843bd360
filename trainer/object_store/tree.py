"""Trees: which paths of a DATA_DIR hold which bytes, in sections that commits share."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from trainer.errors import DamagedFileError

FORMAT = 1
_SECTIONED = ("runs", "images", "releases", "faces", "models")  # a section per folder in them
_ROOT = "."


class Entry(NamedTuple):
    """One path: a file's bytes by sha256, or a symlink. `when`: the file's time, whole seconds."""

    sha256: str | None
    size: int = 0
    mode: int = 0o644
    when: int = 0
    link: str | None = None

    def same(self, other: Entry | None) -> bool:
        """Is it the same content? Its time does not count."""
        return other is not None and (self.sha256, self.mode, self.link) == (
            other.sha256,
            other.mode,
            other.link,
        )


Section = Mapping[str, Entry]


@dataclass(frozen=True)
class Tree:
    """A commit: the sha256 of each section's object, by section; what it was made from."""

    sections: Mapping[str, str] = field(default_factory=dict)
    parent: str | None = None
    at: str = ""
    by: str = ""

    def encode(self) -> bytes:
        """Return its bytes."""
        return _json({"format": FORMAT, **vars(self), "sections": dict(self.sections)})

    @classmethod
    def decode(cls, content: bytes) -> Tree:
        """Return the tree in `content`; raises `DamagedFileError` for one of a newer trainer."""
        found: dict[str, Any] = json.loads(content)
        if found.pop("format") != FORMAT:
            raise DamagedFileError(
                "the object store was written by a newer trainer; install that version here, too"
            )
        return cls(**found)


def section_of(path: str) -> str:
    """Return the section that a path belongs to: `runs/<id>`, `images/<ab>`, a folder, or `.`."""
    parts = path.split("/")
    if len(parts) == 1:
        return _ROOT
    return "/".join(parts[:2]) if parts[0] in _SECTIONED and len(parts) > 2 else parts[0]


def encode_section(section: Section) -> bytes:
    """Return a section's bytes, the same for the same content."""
    return _json({path: _plain(entry) for path, entry in sorted(section.items())})


def decode_section(content: bytes) -> dict[str, Entry]:
    """Return the section in `content`."""
    return {path: Entry(**entry) for path, entry in json.loads(content).items()}


def sha256_of(content: bytes) -> str:
    """Return the hex sha256 of bytes."""
    return hashlib.sha256(content).hexdigest()


def _plain(entry: Entry) -> dict[str, Any]:
    empty = Entry(None)._asdict()
    return {"sha256": entry.sha256} | {k: v for k, v in entry._asdict().items() if v != empty[k]}


def _json(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
