"""Values as YAML text that every reader takes for the same, of version 1.1 and of version 1.2."""

from __future__ import annotations

import io
from typing import Any

import yaml
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarfloat import ScalarFloat
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

_WIDTH = 4096  # characters: no line is folded


def block(content: dict[str, Any]) -> str:
    """`content` as lines, each with its line end."""
    return _dumped(_readable(content))


def inline(value: Any) -> str:
    """`value` on one line, for flow style as well."""
    found = _readable(value)
    if isinstance(found, CommentedMap):
        found.fa.set_flow_style()
        return _dumped(found).strip()
    wrapped = CommentedSeq([found])
    wrapped.fa.set_flow_style()
    return _dumped(wrapped).strip()[1:-1]


def _dumped(content: Any) -> str:
    writer = YAML()
    writer.width = _WIDTH
    writer.allow_unicode = True
    stream = io.StringIO()
    writer.dump(content, stream)
    return stream.getvalue()


def _readable(value: Any) -> Any:
    """Ambiguous texts in quotes, lists on one line."""
    if isinstance(value, dict):
        return CommentedMap((key, _readable(inner)) for key, inner in value.items())
    if isinstance(value, list):
        found = CommentedSeq(_readable(inner) for inner in value)
        found.fa.set_flow_style()
        return found
    if isinstance(value, str):
        return value if _is_plain(value) else DoubleQuotedScalarString(value)
    return _decimal(value) if isinstance(value, float) else value


def _is_plain(text: str) -> bool:
    """`on` is a text for one version and true for the other."""
    try:
        return bool(yaml.safe_load(text) == text)
    except (yaml.YAMLError, ValueError, RecursionError):
        return False


def _decimal(value: float) -> float:
    """0.00005 as it is, not as 5e-05, which is a text in version 1.1."""
    digits = f"{value:.12f}".rstrip("0")
    whole, _, fraction = digits.partition(".")
    if not fraction or float(digits) != value:
        return value
    found: float = ScalarFloat(value, width=len(digits), prec=len(whole), m_sign=False)
    return found
