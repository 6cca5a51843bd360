"""A checksum in a JSON file: JSON with a flipped bit often still reads as JSON, with other content.

An object gets one more key; a list is wrapped. What has no checksum is read as it is: files of an
older trainer, and those that people write.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

CHECKSUM = "content_sha256"
_LIST = "items"


def sealed(content: Any) -> dict[str, Any]:
    """Return an object or a list with its checksum."""
    whole = content if isinstance(content, dict) else {_LIST: content}
    return {**whole, CHECKSUM: _digest(whole)}


def opened(content: Any) -> Any:
    """Return what was sealed; raises `ValueError` where it is not what its checksum says."""
    if not isinstance(content, dict) or CHECKSUM not in content:
        if isinstance(content, dict) and any(map(_is_nearly, content)):
            raise ValueError("the name of its checksum is damaged")
        return content
    whole = {key: value for key, value in content.items() if key != CHECKSUM}
    if content[CHECKSUM] != _digest(whole):
        raise ValueError("its content is not what its checksum says")
    return whole[_LIST] if isinstance(whole.get(_LIST), list) and len(whole) == 1 else whole


def _is_nearly(key: str) -> bool:
    return sum(a != b for a, b in zip(key, CHECKSUM, strict=False)) == 1 and len(key) == len(
        CHECKSUM
    )


def _digest(content: dict[str, Any]) -> str:
    """Of the content, not of its spelling: spaces and order are nobody's data."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()
