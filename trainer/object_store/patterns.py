"""Patterns of paths: `*` is part of one name, `**` any number of folders; and what stays local."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

# Of this machine alone: rate limits, its disk, progress, what is derived, what was set aside.
_LOCAL_FOLDERS = ("budget", "metrics", "backups", "quarantine")
_LOCAL = re.compile(
    r"(^|/)\.|\.lock$|^runs\.json$|^state\.db-|^runs/[^/]+/working/|/progress\.json$"
)


def is_local(path: str) -> bool:
    """Is the path, relative to DATA_DIR, never pushed?"""
    return path.split("/", 1)[0] in _LOCAL_FOLDERS or bool(_LOCAL.search(path))


class Patterns:
    """A set of patterns, relative to DATA_DIR."""

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self.texts = tuple(dict.fromkeys(patterns))
        self._compiled = _compiled(self.texts)

    def __contains__(self, path: str) -> bool:
        return bool(self._compiled.fullmatch(path))

    def __or__(self, other: Patterns) -> Patterns:
        return Patterns((*self.texts, *other.texts))

    def roots(self) -> list[str]:
        """Return the folders, or files, below which every match lies; `.` is all of DATA_DIR."""
        found = {_fixed(text) for text in self.texts}
        return sorted(root for root in found if not any(_below(root, other) for other in found))

    def may_match(self, section: str) -> bool:
        """May a path of the section (`runs/<id>`, a folder, `.` for files on top) match?"""
        return any(_meets(text, section) for text in self.texts)


def _meets(text: str, section: str) -> bool:
    names = text.split("/")
    if section == ".":
        return len(names) == 1 or names[0] == "**"
    for pattern, name in zip(names, section.split("/"), strict=False):
        if "**" in pattern:
            return True
        if not _compiled((pattern,)).fullmatch(name):
            return False
    return len(names) > len(section.split("/"))


def _fixed(text: str) -> str:
    """The part before the first wildcard."""
    names: list[str] = []
    for name in text.split("/"):
        if "*" in name:
            break
        names.append(name)
    return "/".join(names) or "."


def _below(path: str, other: str) -> bool:
    return path != other and (other == "." or path.startswith(f"{other}/"))


@lru_cache(maxsize=4096)
def _compiled(patterns: tuple[str, ...]) -> re.Pattern[str]:
    parts = [_expression(pattern) for pattern in patterns]
    return re.compile("|".join(parts) or r"(?!)")


def _expression(pattern: str) -> str:
    text = re.escape(pattern).replace(r"\*\*", "\0").replace(r"\*", "[^/]*")
    return text.replace("\0", ".*")
