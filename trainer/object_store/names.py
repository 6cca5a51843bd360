"""Names of objects in a store."""

from __future__ import annotations

POINTER = "HEAD.json"  # names the newest tree; the only object that is ever written again


def tree_name(sha256: str) -> str:
    """Return the name of a tree's or a section's object."""
    return f"trees/{sha256}"


def object_name(sha256: str) -> str:
    """Return the name of the object with a file's bytes."""
    return f"objects/{sha256[:2]}/{sha256}"
