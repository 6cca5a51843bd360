"""Lines of a YAML text that come and go with a key in block style."""

from __future__ import annotations

from typing import NamedTuple


class Place(NamedTuple):
    """Where a key begins, from 0."""

    line: int
    column: int


def joined(text: str, added: str) -> str:
    """`added` below `text`, which may end without a line end."""
    return text + ("\n" if text and not text.endswith("\n") else "") + added


def inserted(text: str, last: Place, added: str) -> str:
    """`added`, lines that are not indented, below the mapping's key at `last`."""
    rows = text.splitlines(keepends=True)
    end = _after(rows, last)
    return joined("".join(rows[:end]), _indented(added, last)) + "".join(rows[end:])


def filled(text: str, key: Place, added: str) -> str:
    """`added`, lines that are not indented, below the line of `key`, which has no value yet."""
    rows = text.splitlines(keepends=True)
    deeper = Place(key.line, key.column + 2)
    end = key.line + 1
    return joined("".join(rows[:end]), _indented(added, deeper)) + "".join(rows[end:])


def replaced(text: str, key: Place, added: str) -> str:
    """`added`, lines that are not indented, in place of the lines of `key`."""
    rows = text.splitlines(keepends=True)
    return "".join(rows[: key.line]) + _indented(added, key) + "".join(rows[_after(rows, key) :])


def removed(text: str, key: Place) -> str:
    """`text` without the lines of `key`."""
    rows = text.splitlines(keepends=True)
    return "".join(rows[: key.line] + rows[_after(rows, key) :])


def _after(rows: list[str], key: Place) -> int:
    """The line after a key's last; comments on what follows are not its own."""
    end = key.line + 1
    while end < len(rows) and (_is_aside(rows[end]) or _belongs(rows[end], key)):
        end += 1
    while end > key.line + 1 and _is_aside(rows[end - 1]) and _indent(rows[end - 1]) <= key.column:
        end -= 1
    return end


def _belongs(row: str, key: Place) -> bool:
    """Is it deeper than the key, or an item of its list, which may stand as deep?"""
    indent = _indent(row)
    return indent > key.column or (indent == key.column and row.lstrip().startswith("- "))


def _indented(added: str, key: Place) -> str:
    return "".join(" " * key.column + row for row in added.splitlines(keepends=True))


def _is_aside(row: str) -> bool:
    """A blank line or a comment."""
    return not row.strip() or row.lstrip().startswith("#")


def _indent(row: str) -> int:
    """Blank lines are indented by nothing."""
    return len(row) - len(row.lstrip()) if row.strip() else 0
