"""What a robots.txt (RFC 9309) allows, and how fast; or why nothing may be asked of its host."""

from __future__ import annotations

import re
from dataclasses import dataclass

from protego import Protego

MAX_BYTES = 500 * 1024  # RFC 9309: at least so much is read; what comes after it is not
MAX_REDIRECTS = 5  # RFC 9309: more of them, and there is no robots.txt
# A text without any of these is something else than rules. A file of comments is one.
_RULE = re.compile(
    r"^[ \t]*(user[- ]?agent|(dis)?allow|site-?maps?|crawl[- ]delay|request[- ]rate|visit[- ]time"
    r"|host|clean-param|noindex|content-(signal|usage))[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True)
class Rules:
    """`refusal`: why nothing may be asked of the host, as the end of a sentence about the file.
    `delay`: seconds between two requests that the file asks for."""

    agent: str
    parser: Protego | None = None
    refusal: str | None = None

    def allows(self, url: str) -> bool:
        """May this URL be fetched?"""
        if self.refusal is not None:
            return False
        return self.parser is None or bool(self.parser.can_fetch(url, self.agent))

    @property
    def delay(self) -> float:
        """Of the group for `agent`, else of `*`; 0 where it says none, or nonsense."""
        return (self.parser.crawl_delay(self.agent) or 0.0) if self.parser else 0.0


def read_rules(status: int, body: bytes, agent: str, app_means_none: bool = False) -> Rules:
    """The rules of an answer. A client error but 429 means that there are none; everything that is
    not a robots.txt refuses. `app_means_none`: the server shows its web app for what it lacks."""
    if 400 <= status < 500 and status != 429:
        return Rules(agent)
    if not 200 <= status < 300:
        return Rules(agent, refusal=f"answered HTTP {status}")
    if app_means_none and _is_web_app(body):
        return Rules(agent)
    try:
        return Rules(agent, Protego.parse(_text(body)))
    except ValueError as error:
        return Rules(agent, refusal=str(error))


def _text(body: bytes) -> str:
    """Raises `ValueError` for what is no robots.txt."""
    try:
        text = _start(body).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    if "\0" in text:
        raise ValueError("is not UTF-8 text")
    if text.lstrip().startswith("<"):
        raise ValueError("is a web page")
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    if any(lines) and not _RULE.search(text):
        raise ValueError("has no line that is a rule")
    return text


def _start(body: bytes) -> bytes:
    """As much as is read, without the line that the limit cuts."""
    if len(body) <= MAX_BYTES:
        return body
    end = body.rfind(b"\n", 0, MAX_BYTES)
    if end < 0:
        raise ValueError(f"has no end of a line in its first {MAX_BYTES} bytes")
    return body[:end]


def _is_web_app(body: bytes) -> bool:
    """The empty page that a script fills; no text of its own that could say anything else."""
    return body.lstrip()[:1] == b"<" and b'<div id="root"></div>' in body
