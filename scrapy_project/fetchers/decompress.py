"""Bodies as their Content-Encoding says, whole or not at all.

Scrapy's own middleware takes what it can read of a body that was cut off; here that is data loss,
as it is for a connection that broke, and tried again like that.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any, Final, Protocol

import brotli  # type: ignore[import-untyped]
from backports import zstd
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError
from scrapy.http import Response, TextResponse
from scrapy.responsetypes import responsetypes

from scrapy_project.fetchers.errors import BadEncoding

ACCEPTED: Final = "gzip, deflate, br, zstd"
_CHUNK: Final = 65_536
_GZIP_MAGIC: Final = b"\x1f\x8b"
_ZSTD_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_WITH_HEADER, _BARE, _GZIP = 15, -15, 31  # zlib's wbits


def decompressed(response: Response, max_size: int) -> Response:
    """The answer with its body decoded. Raises `BadEncoding`, `ResponseDataLossError` or, above
    `max_size` bytes, `DownloadCancelledError`. Encodings that nobody knows are left alone."""
    codings = _codings(response)
    if not codings or not response.body:
        return response
    if 300 <= response.status < 400:  # nobody reads the body of a redirect
        return response.replace(body=b"")
    body, left = response.body, codings
    try:
        while left and left[-1] in _DECODERS:
            body = _DECODERS[left.pop()](body, max_size)
    except (BadEncoding, ResponseDataLossError):
        if response.status < 400:
            raise
        body, left = b"", []  # the status says all
    return _replaced(response, body, left)


def _codings(response: Response) -> list[str]:
    """In the order in which they were applied."""
    headers = response.headers.getlist("Content-Encoding")
    named = ",".join(header.decode("latin-1") for header in headers).lower().split(",")
    return [name.strip() for name in named if name.strip() not in ("", "identity")]


def _replaced(response: Response, body: bytes, left: list[str]) -> Response:
    headers = response.headers.copy()
    headers.pop("Content-Encoding", None)
    if left:
        headers["Content-Encoding"] = ", ".join(left)
    kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
    more = {"encoding": None} if issubclass(kind, TextResponse) else {}
    return response.replace(cls=kind, headers=headers, body=body, **more)


class _Stream(Protocol):
    eof: bool
    unused_data: bytes

    def decompress(self, data: bytes, max_length: int = ...) -> bytes: ...


def _zlib(wbits: int) -> Callable[[], Any]:
    return lambda: zlib.decompressobj(wbits)


def _gunzip(body: bytes, max_size: int) -> bytes:
    return _members("gzip", body, max_size, _zlib(_GZIP), _GZIP_MAGIC)


def _inflate(body: bytes, max_size: int) -> bytes:
    """With zlib's header or, as some servers do, without."""
    try:
        return _members("deflate", body, max_size, _zlib(_WITH_HEADER), None)
    except BadEncoding:
        return _members("deflate", body, max_size, _zlib(_BARE), None)


def _unzstd(body: bytes, max_size: int) -> bytes:
    return _members("zstd", body, max_size, zstd.ZstdDecompressor, _ZSTD_MAGIC)


def _members(
    name: str, body: bytes, max_size: int, make: Callable[[], Any], magic: bytes | None
) -> bytes:
    """All members of `body` one after the other; bytes behind the last one are nobody's."""
    found = bytearray()
    while True:
        stream = make()
        try:
            body = _one(name, stream, body, found, max_size)
        except (zlib.error, zstd.ZstdError) as error:
            raise _not(name) from error
        if magic is None or not body.startswith(magic):
            return bytes(found)


def _one(name: str, stream: Any, body: bytes, found: bytearray, max_size: int) -> bytes:
    """Appends one member to `found`; returns what lies behind it."""
    data = body
    while not stream.eof:
        piece = stream.decompress(data, _CHUNK)
        data = getattr(stream, "unconsumed_tail", b"")
        _append(found, piece, max_size)
        if not stream.eof and not piece and not data:
            raise ResponseDataLossError(f"the {name} body ends before its end")
    return bytes(stream.unused_data)


def _unbrotli(body: bytes, max_size: int) -> bytes:
    stream, found, data = brotli.Decompressor(), bytearray(), body
    try:
        while not stream.is_finished():
            piece = stream.process(data, output_buffer_limit=_CHUNK)
            data = b""
            _append(found, piece, max_size)
            if not piece and not stream.is_finished():
                raise ResponseDataLossError("the br body ends before its end")
    except brotli.error as error:
        raise _not("br") from error
    return bytes(found)


def _not(name: str) -> BadEncoding:
    return BadEncoding(f"the body is not {name}, as Content-Encoding says")


def _append(found: bytearray, piece: bytes, max_size: int) -> None:
    found += piece
    if max_size and len(found) > max_size:
        raise DownloadCancelledError(f"more than {max_size} bytes once decompressed")


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _inflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
