"""Where keys and values stand in a YAML text."""

from __future__ import annotations

from typing import NamedTuple

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode

from trainer.overrides.lines import Place
from trainer.overrides.names import Keys


class NotEditable(ValueError):
    """YAML that ruamel.yaml does not read, or without a mapping at the top level."""


class Entry(NamedTuple):
    """A key with its value, and the mapping that holds it."""

    holder: MappingNode
    key: Node
    value: Node


def top_level(text: str) -> MappingNode | None:
    """Return the mapping of the whole text; None where there are comments at most."""
    try:
        root = YAML().compose(text)
    except (YAMLError, ValueError, RecursionError):
        raise NotEditable from None
    if root is not None and not isinstance(root, MappingNode):
        raise NotEditable
    return root


def way_to(root: MappingNode, keys: Keys) -> list[Entry]:
    """The way to `keys`, as far as it goes."""
    found: list[Entry] = []
    inner: Node = root
    for wanted in keys:
        if not isinstance(inner, MappingNode):
            break
        entry = next((Entry(inner, k, v) for k, v in inner.value if k.value == wanted), None)
        if entry is None:
            break
        found.append(entry)
        inner = entry.value
    return found


def is_inline(node: Node) -> bool:
    """Does it end where its text ends, not with its lines?"""
    if isinstance(node, CollectionNode):
        return bool(node.flow_style)
    return isinstance(node, ScalarNode) and node.style not in ("|", ">")


def place_of(key: Node) -> Place:
    """Where a key begins."""
    return Place(key.start_mark.line, key.start_mark.column)
