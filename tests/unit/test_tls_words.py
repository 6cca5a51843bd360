"""A connection that TLS prevents is told as that, in the words of OpenSSL."""

from __future__ import annotations

from OpenSSL.SSL import Error as OpenSslError
from scrapy.exceptions import DownloadFailedError
from twisted.python.failure import Failure
from twisted.web.client import ResponseNeverReceived

from scrapy_project.failures import fetch_failed
from scrapy_project.limits.tls_words import tls_words
from tests import raw_server as raw
from tests.raw_server import raw_server
from tests.unit.fetch_bench import crawl, serve

REFUSED = OpenSslError([("SSL routines", "", "certificate verify failed")])


def as_scrapy_raises_it(error: Exception) -> Exception:
    wrapped = ResponseNeverReceived([Failure(error)])
    raised = DownloadFailedError(str(wrapped))
    raised.__cause__ = wrapped
    return raised


def test_the_words_are_found_wherever_they_are():
    for error in (REFUSED, ResponseNeverReceived([Failure(REFUSED)]), as_scrapy_raises_it(REFUSED)):
        failed = fetch_failed(error)
        assert failed.kind == "network"
        assert str(failed) == "no secure connection could be made: certificate verify failed"


def test_other_errors_have_none():
    for error in (OpenSslError([]), OpenSslError(), OSError(104, "reset"), ValueError("x")):
        assert tls_words(error) == tls_words(as_scrapy_raises_it(error)) == ""


def test_a_crawl_says_what_is_wrong_with_the_certificate(tmp_path):
    certificate = tmp_path / "certificate"
    certificate.mkdir()
    with serve() as site, raw_server(raw.self_signed(certificate, raw.hang_up)) as server:
        url = f"https://localhost:{server.port}"
        done = crawl(tmp_path, site, [(f"{url}/a", "page")])
    (answer,) = done.answers
    wrong = "no secure connection could be made: certificate verify failed"
    assert f"{url}/robots.txt can't be had ({wrong})" in answer["message"]
