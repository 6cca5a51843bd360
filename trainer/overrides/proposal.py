"""A change of an operator's file: validated and compared before anything is written."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.config.sources import SOURCES_YAML, sources_with
from trainer.config.yaml_file import parse_mapping, read_text
from trainer.errors import ConfigError
from trainer.overrides.content import applied
from trainer.overrides.document import with_value, without_value
from trainer.overrides.names import Change, FileName, path_of
from trainer.overrides.nodes import NotEditable
from trainer.overrides.rates import keep_agreed_rates
from trainer.release.gate import limits_with
from trainer.staging.paths import DataDir


@dataclass(frozen=True)
class Proposal:
    """What a file would become; `before` is None where there is no file yet."""

    file: FileName
    before: str | None
    after: str
    what: str

    @property
    def diff(self) -> str:
        """The lines that change, with those around them; empty where nothing does."""
        return diff(self.before, self.after)


def diff(before: str | None, after: str | None) -> str:
    """Two texts of a file compared, as `diff -u` prints it, without a head."""
    old, new = ((text or "").splitlines() for text in (before, after))
    rows = list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
    return "\n".join(row for row in rows if not row.startswith("@@"))


def propose(data: DataDir, changes: Sequence[Change]) -> Proposal:
    """Apply `changes`, all of one file, and validate what comes out; writes nothing.

    Raises `ConfigError` for a value that the same models refuse which every build reads it by.
    """
    file = changes[0].name.file
    path = path_of(data, file)
    before = read_text(path)
    after, expected = before or "", parse_mapping(before or "", path)
    for change in changes:
        _require_keys(change)
        after = _edited(after, change, path)
        expected = applied(expected, change)
    if parse_mapping(after, path) != expected:
        raise ConfigError(
            f"{path}: the change can't be written without changing more; correct that file by hand"
        )
    _require_good(file, before or "", after, path)
    if file == SOURCES_YAML:
        keep_agreed_rates(parse_mapping(before or "", path), expected, path)
    return Proposal(file, before, after, "; ".join(map(described, changes)))


def described(change: Change) -> str:
    """`iafd.enabled: true`, or `iafd.enabled as shipped`."""
    if change.unset:
        return f"{change.name} as shipped"
    value = change.value
    shown = str(value).lower() if isinstance(value, bool) else "null" if value is None else value
    return f"{change.name}: {shown}"


def validate(file: FileName, text: str, path: Path) -> None:
    """Raises `ConfigError` where a build would refuse `text` as the content of `path`."""
    content = parse_mapping(text, path)
    if file == SOURCES_YAML:
        sources_with(content, path)
        return
    packs = content.get("packs")
    for pack in ["", *(packs if isinstance(packs, dict) else {})]:
        limits_with(content, path, pack)


_MEND = "; correct it in that file"  # what the readers of a file advise


def _require_good(file: FileName, before: str, after: str, path: Path) -> None:
    """What a good file would become by the change is not what has to be corrected in the file."""
    try:
        validate(file, after, path)
    except ConfigError as error:
        validate(file, before, path)
        found = str(error).removesuffix(_MEND)
        raise ConfigError(f"{found}; choose another value, nothing is written") from None


def _edited(text: str, change: Change, path: Path) -> str:
    keys = change.name.keys
    try:
        return without_value(text, keys) if change.unset else with_value(text, keys, change.value)
    except NotEditable:
        raise ConfigError(
            f"{path}: has YAML that can't be changed from here; correct that file by hand"
        ) from None


def _require_keys(change: Change) -> None:
    """A whole source, or the whole gate, is no value; it can only be left to what is shipped."""
    keys = change.name.keys
    if not keys or (len(keys) == 1 and not change.unset):
        raise ConfigError(f"{change.name} has many values; name one, like {change.name}.KEY")
