"""The text of a page in the encoding that a browser would use, or an error of that page.

In the order of the HTML standard: byte order mark, Content-Type header, the page's own
declaration, then what its bytes look like. (The mark beats the header, as it does in browsers.)
"""

from __future__ import annotations

import codecs
import re
from typing import Final

from bs4.dammit import EncodingDetector
from charset_normalizer import from_bytes
from scrapy.http import Response

from scrapy_project.parsing.charset_labels import CODECS, REFUSED
from scrapy_project.parsing.profile import PageError

_MARKS: Final = ("utf-8", "utf-16be", "utf-16le")
_IN_HEADER: Final = re.compile(r";\s*charset\s*=\s*(?:\"([^\"]*)\"|([^;\s,]*))", re.IGNORECASE)
_HEAD_BYTES: Final = 4096
_COMMENT: Final = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
# What pages without any declaration are looked at for, beside UTF-8. Else it is windows-1252.
_GUESSES: Final = ["cp1252", "cp932", "euc_jp", "cp1251", "gb18030", "big5", "cp949"]
_GUESS_BYTES: Final = 256 * 1024
_WIDER: Final = {"euc_jp": "euc_jis_2004"}  # the vendors' characters that a browser knows as well


def as_utf8(response: Response) -> bytes:
    """The body in UTF-8, with its mark in front so that no declaration in it holds any more.

    Raises `PageError` (charset) where the bytes are not in the encoding that was declared.
    """
    body: bytes = response.body
    if not body:
        return body
    header = (response.headers.get("Content-Type") or b"").decode("latin-1")
    return codecs.BOM_UTF8 + text_of_page(body, header).encode("utf-8")


def text_of_page(body: bytes, content_type: str | None) -> str:
    """`content_type`: the header. Raises `PageError` (charset)."""
    text, marked = EncodingDetector.strip_byte_order_mark(body)
    if marked in _MARKS:
        return _decoded(text, marked, "its byte order mark")
    declared, where = _from_header(content_type or ""), "the Content-Type header"
    if declared is None:
        declared, where = _from_page(body), "the page itself"
    if declared is not None:
        return _decoded(body, declared, where)
    return _guessed(body)


def _from_header(content_type: str) -> str | None:
    found = _IN_HEADER.search(content_type)
    return _codec(found[1] if found[1] is not None else found[2]) if found else None


def _from_page(body: bytes) -> str | None:
    """A page that could be read this far is not in UTF-16, whatever it says."""
    head = _COMMENT.sub(b"", body[:_HEAD_BYTES])
    declared = EncodingDetector.find_declared_encoding(head, is_html=True)
    codec = _codec(declared) if declared else None
    return "utf-8" if codec is not None and codec.startswith("utf-16") else codec


def _codec(label: str) -> str | None:
    """None for a label that names nothing. Raises `PageError` for one that nobody reads."""
    label = label.strip().lower()
    if label in REFUSED:
        raise PageError("charset", f"pages in {label} are not read, by browsers neither", "html")
    return CODECS.get(label)


def _decoded(body: bytes, codec: str, where: str) -> str:
    try:
        return body.decode(codec, _HANDLER)
    except UnicodeDecodeError as error:
        if codec in _WIDER:
            return _decoded(body, _WIDER[codec], where)
        raise PageError(
            "charset",
            f"not in {codec}, which {where} declares (byte {error.start} of {len(body)})",
            "html",
        ) from None


def _as_browsers(error: UnicodeError) -> tuple[str, int]:
    """Bytes that the standard's tables have and Python's have not: controls of code pages of one
    byte, and the euro sign of GBK."""
    if isinstance(error, UnicodeDecodeError):
        byte = error.object[error.start]
        if error.encoding in _ONE_BYTE and 0x80 <= byte < 0xA0:
            return chr(byte), error.start + 1
        if error.encoding == "gb18030" and byte == 0x80:
            return "\u20ac", error.start + 1
    raise error


_ONE_BYTE: Final = frozenset({"charmap", *(f"cp{n}" for n in (874, *range(1250, 1259)))})
_HANDLER: Final = "as-browsers"
codecs.register_error(_HANDLER, _as_browsers)


def _guessed(body: bytes) -> str:
    """A page that declares nothing. A guess by which most words mix scripts is none: a page in a
    Western language has too few letters with accents to be told by its bytes."""
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        best = from_bytes(body[:_GUESS_BYTES], cp_isolation=_GUESSES).best()
    western = body.decode("cp1252", _HANDLER)
    if best is None:
        return western
    try:
        text = body.decode(best.encoding, _HANDLER)
    except UnicodeDecodeError:
        return western
    foreign, mixed = (len(pattern.findall(text)) for pattern in (_FOREIGN, _MIXED))
    return western if 2 * mixed >= foreign else text


_FOREIGN: Final = re.compile("[^\x00-\u024f]+")  # no Latin letter
_MIXED: Final = re.compile("[A-Za-z][^\x00-\u024f]+")
