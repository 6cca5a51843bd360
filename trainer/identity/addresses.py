"""External links as people paste them, taken apart: host, path and query in one spelling."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, unquote_to_bytes, urlencode, urlsplit

from w3lib.url import canonicalize_url

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_BARE_HOST = re.compile(r"[\w-]+(\.[\w-]+)+\.?(:\d+)?([/?#]|$)")
# Most links: nothing in them that has several spellings. Taken apart twenty times as fast.
_PLAIN = re.compile(
    r"https?://(?P<host>[a-z0-9-]+(?:\.[a-z0-9-]+)+)(?P<path>/[\w.~/-]*)?", re.ASCII
)
_DEFAULT_PORTS = {None, 80, 443}
# Parameters that say where a visitor came from, not what is shown.
_TRACKING = re.compile(
    r"utm_\w+|mc_[ce]id|ref|ref_src|ref_url|referrer|fbclid|gclid|dclid|msclkid|yclid|twclid|ttclid"
    r"|igsh|igshid|si|feature|_ga|_gl|aff|affid|affiliate|share_id|is_from_webapp|sender_device"
    r"|hl|lang|language|locale|switch_locale|uselang|setlang",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Address:
    """`host` with its port where that is unusual; `path` percent-encoded in one way, without
    doubled and trailing slashes."""

    host: str
    path: str
    query: tuple[tuple[str, str], ...]

    def with_query(self, only: str | None = None) -> str:
        """`path?query`, of one parameter or of all; just the path where there is none."""
        kept = [(k, v) for k, v in self.query if only is None or k.casefold() == only]
        return f"{self.path}?{urlencode(kept, quote_via=quote)}" if kept else self.path


def take_apart(text: str) -> Address | None:
    """None for what is no http(s) address of a host, or names a user."""
    plain = _PLAIN.fullmatch(text)
    if plain:
        return Address(plain["host"], _one_path(plain["path"] or ""), ())
    return _take_any_apart(text)


def _one_path(path: str) -> str:
    return re.sub(r"/{2,}", "/", path).rstrip("/")


def _take_any_apart(text: str) -> Address | None:
    try:
        parts = urlsplit(canonicalize_url(_with_scheme(text)))
        if parts.scheme not in ("http", "https") or parts.username is not None:
            return None
        if not parts.hostname:
            return None
        host = parts.hostname.rstrip(".")
        if parts.port not in _DEFAULT_PORTS:
            host = f"{host}:{parts.port}"
    except ValueError:
        return None
    query = parse_qsl(parts.query, keep_blank_values=True)
    known = tuple(pair for pair in query if not _TRACKING.fullmatch(pair[0]))
    return Address(host, _one_path(parts.path), known)


def _with_scheme(text: str) -> str:
    """A link without a protocol is read as https; control characters and blanks are dropped."""
    plain = text.strip()
    if not plain.isprintable():
        plain = "".join(c for c in plain if unicodedata.category(c) not in ("Cc", "Cf")).strip()
    if plain.startswith("//"):
        return f"https:{plain}"
    bare = not _SCHEME.match(plain) and _BARE_HOST.match(plain)
    return f"https://{plain}" if bare else plain


def readable(piece: str) -> str:
    """A percent-encoded piece as text in NFC; as it is where it is no UTF-8."""
    if "%" not in piece and piece.isascii():
        return piece
    try:
        return unicodedata.normalize("NFC", unquote_to_bytes(piece).decode("utf-8"))
    except UnicodeDecodeError:
        return piece
