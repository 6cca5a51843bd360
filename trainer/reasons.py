"""What exceptions say, as parts of sentences for people: one line, no class names, no braces."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from trainer.errors import TrainerError

_LONGEST = 300
_SHOWN_PROBLEMS = 5
_CLASS_NAME = re.compile(r"\b(?:\w+\.)*[A-Z]\w*(?:Error|Exception|Warning)\b(?:: ?)?")
_MESSAGE_PREFIX = re.compile(r"^(Value|Assertion) error, ")
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BRACES = str.maketrans("{}", "()")


def reason(error: BaseException) -> str:
    """Return what `error` says, in one line; without words its kind, e.g. `connection reset`."""
    if isinstance(error, TrainerError):
        return str(error)
    if isinstance(error, ValidationError):
        return problems(error)
    if isinstance(error, OSError) and error.strerror:
        return _system_reason(error, error.strerror)
    causes = getattr(error, "reasons", None)  # of a request that failed in several places
    if isinstance(causes, list) and causes:
        return _joined_reasons(causes)
    if isinstance(error, KeyError):
        return plain_line(f"no {error.args[0]!r}" if error.args else "a missing key")
    return plain_line(str(error)) or kind_of(error)


def _system_reason(error: OSError, said: str) -> str:
    """Return what the operating system said, with the file that it is about."""
    where = f" ({error.filename})" if error.filename is not None else ""
    return plain_line(f"{said}{where}")


def _joined_reasons(causes: list[Any]) -> str:
    """Return the distinct reasons of several causes (exceptions, or holders of one as `value`)."""
    found = [getattr(cause, "value", cause) for cause in causes]
    return ", ".join(dict.fromkeys(reason(cause) for cause in found if cause is not None))


def failure(error: BaseException) -> str:
    """Return the message of a step that failed; an error of a library's refers to the log."""
    own = isinstance(error, TrainerError)
    return str(error) if own else f"{reason(error)}; see the log of this step"


def problems(error: ValidationError, show_values: bool = True) -> str:
    """Return `field: what is wrong (given: value)` of the first problems, in one line.

    Values are left out unless `show_values`: one may be a secret.
    """
    items = error.errors(include_url=False)
    listed = [_problem(item, show_values) for item in items[:_SHOWN_PROBLEMS]]
    if len(items) > _SHOWN_PROBLEMS:
        listed.append(f"and {len(items) - _SHOWN_PROBLEMS} more")
    return "; ".join(listed)


def kind_of(error: BaseException) -> str:
    """Return the kind of an exception in words: `ConnectionResetError` is `connection reset`."""
    words = [word.lower() for word in _WORD.findall(type(error).__name__)]
    kept = [word for word in words if word not in ("error", "exception")]
    return " ".join(kept) or "unknown"


def in_words(counts: Mapping[str, Any]) -> str:
    """Return figures in one line: `performers 40, faces 120`; groups of them in parentheses."""
    parts = [
        f"{_words(name)} ({in_words(value)})"
        if isinstance(value, Mapping)
        else f"{_words(name)} {'none' if value is None else value}"
        for name, value in counts.items()
    ]
    return ", ".join(parts) or "nothing"


def _words(name: object) -> str:
    return str(name).replace("_", " ")


def plain_line(text: str) -> str:
    """Return `text` on one line of bounded length, without exceptions' class names and braces."""
    line = " ".join(_CLASS_NAME.sub("", text).split()).translate(_BRACES)
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 3]}..."


def _problem(item: Any, show_values: bool) -> str:
    where = ".".join(str(part) for part in item["loc"])
    said = _MESSAGE_PREFIX.sub("", item["msg"])
    missing = item["type"] in ("missing", "extra_forbidden")
    value = "" if missing or not show_values else _value(item["input"])
    return plain_line(f"{where}: {said}{value}" if where else f"{said}{value}")


def _value(value: Any) -> str:
    """Return a value that is safe to show: no text that could be an address with a password."""
    if value is None or isinstance(value, bool | int | float):
        return f" (given: {value})"
    if isinstance(value, str) and len(value) <= 60 and "@" not in value:
        return f" (given: {value!r})"
    return ""
