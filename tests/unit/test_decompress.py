"""Bodies that are compressed: whole, cut off, something else, too large."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import brotli
import pytest
from backports import zstd
from scrapy.exceptions import DownloadCancelledError, ResponseDataLossError
from scrapy.http import HtmlResponse, Response

from scrapy_project import settings
from scrapy_project.fetchers.decompress import _DECODERS, decompressed
from scrapy_project.fetchers.errors import BadEncoding

PLAIN = b"<html>" + bytes(range(256)) * 600 + b"</html>"


def bare_deflate(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


CODINGS: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "gzip": ("gzip", gzip.compress),
    "x-gzip": ("X-GZIP", gzip.compress),
    "deflate": ("deflate", zlib.compress),
    "bare deflate": ("deflate", bare_deflate),
    "br": ("br", brotli.compress),
    "zstd": ("zstd", zstd.compress),
}


def answer(body: bytes, coding: str, status: int = 200) -> Response:
    headers = {"Content-Encoding": coding, "Content-Type": "text/html"}
    return Response("https://site.example/a", status=status, headers=headers, body=body)


@pytest.mark.parametrize("name", CODINGS)
def test_a_whole_body_is_itself(name):
    coding, pack = CODINGS[name]
    found = decompressed(answer(pack(PLAIN), coding), len(PLAIN))
    assert found.body == PLAIN and "Content-Encoding" not in found.headers
    assert isinstance(found, HtmlResponse)
    assert decompressed(answer(pack(b""), coding), 0).body == b""


@pytest.mark.parametrize("missing", [1, 2, 4, 9, 100, 200])
@pytest.mark.parametrize("name", CODINGS)
def test_a_body_that_was_cut_off_is_lost(name, missing):
    coding, pack = CODINGS[name]
    body = pack(PLAIN)
    with pytest.raises(ResponseDataLossError):
        decompressed(answer(body[: max(1, len(body) - missing)], coding), 0)


@pytest.mark.parametrize("body", [PLAIN, b"<html></html>", b'{"data": null}', b"\xff\xd8\xff\xe0"])
@pytest.mark.parametrize("name", CODINGS)
def test_another_body_is_an_error_of_its_own(name, body):
    with pytest.raises((BadEncoding, ResponseDataLossError)) as failed:
        decompressed(answer(body, CODINGS[name][0]), 0)
    if body == PLAIN:
        assert failed.type is BadEncoding


@pytest.mark.parametrize("name", CODINGS)
def test_a_small_body_that_grows_too_large_is_given_up(name):
    coding, pack = CODINGS[name]
    with pytest.raises(DownloadCancelledError):
        decompressed(answer(pack(bytes(10_000_000)), coding), 1_000_000)


def test_several_codings_are_undone_in_turn_and_unknown_ones_left():
    body = gzip.compress(brotli.compress(PLAIN))
    assert decompressed(answer(body, "br, gzip"), 0).body == PLAIN
    assert decompressed(answer(gzip.compress(b"a") + gzip.compress(b"b"), "gzip"), 0).body == b"ab"
    assert decompressed(answer(gzip.compress(b"a") + b"\0\0", "gzip"), 0).body == b"a"
    for coding in ("identity", "none", "utf-8"):
        assert decompressed(answer(PLAIN, coding), 0).body == PLAIN


@pytest.mark.parametrize("status", [301, 304, 404, 503])
def test_where_the_status_says_all_a_bad_body_does_no_harm(status):
    found = decompressed(answer(b"<html>gone</html>", "gzip", status), 0)
    assert (found.status, found.body) == (status, b"")


def test_what_is_asked_for_can_be_undone():
    asked = settings.DEFAULT_REQUEST_HEADERS["Accept-Encoding"].split(", ")
    assert set(asked) <= set(_DECODERS)
