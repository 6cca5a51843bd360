"""Waiting and refusing, without a network."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scrapy_project.limits.middlewares.addresses import (
    AddressMiddleware,
    AddressRefused,
    BadRedirect,
    is_public,
)
from scrapy_project.limits.middlewares.backoff import backoff_seconds, retry_after_seconds
from scrapy_project.storage.report import without_secrets

MOMENT = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Thu, 01 Jan 2026 12:00:30 GMT", 30),
        ("Thu, 01 Jan 2026 11:00:00 GMT", 0),
        ("soon", None),
        ("-5", None),
        ("\xb2", None),
        ("\u0663", None),
        ("10, 20", 20),
        ("1.5", None),
        ("0" * 5000 + "7", 7),
        ("Tue, 31 Feb 2026 00:00:00 GMT", None),
        ("Thu, 01 Jan 2026 99:99:99 GMT", None),
        ("Thu, 01 Jan 2026 12:00:30 +9999", None),
        ("Thu, 01 Jan 9999999999 00:00:00 GMT", None),
        ("", None),
        (",", None),
    ],
)
def test_both_forms_of_retry_after(header, seconds):
    assert retry_after_seconds(header, MOMENT) == seconds


def test_a_huge_number_is_a_long_pause_and_no_error():
    assert 10**9 < (retry_after_seconds("9" * 5000, MOMENT) or 0) < 10**11


def test_delays_double_up_to_the_cap_and_are_spread():
    assert [backoff_seconds(n, 1, 60, 1.0) for n in range(8)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert backoff_seconds(3, 1, 60, 0.0) == 4


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104 - an address to refuse
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("fe80::1%eth0", False),
        ("fd00::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
        ("::", False),
        ("::10.1.2.3", False),
        ("64:ff9b::10.1.2.3", False),
        ("64:ff9b::93.184.215.14", True),
        ("2002:a01:203::1", False),
        ("2002:5db8:d70e::1", True),
        ("2001:db8::1", False),
    ],
)
def test_what_is_public(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("before", "location", "refused"),
    [
        ("https://a.example/x", "http://a.example/x", True),
        ("https://a.example/x", "file:///etc/passwd", True),
        ("https://a.example/x", "//b.example/x", False),
        ("http://a.example/x", "https://a.example/x", False),
        ("http://a.example/x", "/\u00fcber uns", False),
        ("http://a.example/x", "https://b\u00fccher.example/x", False),
    ],
)
def test_redirects_to_other_schemes(before, location, refused):
    from scrapy.http import Request, Response

    response = Response(before, status=302, headers={"Location": location})
    if refused:
        with pytest.raises(AddressRefused):
            AddressMiddleware().process_response(Request(before), response)
    else:
        assert AddressMiddleware().process_response(Request(before), response) is response


@pytest.mark.parametrize(
    "location",
    [
        *("http://a.example:99999/", "http://a.example:x/", "http://a.example:0/"),
        *("http://[::1/", "http://[nobody]/", "http://a b.example/", "http://a\tb<c>.example/"),
        *("http:\\\\a.example/", "https://%zz/", "http://user@/"),
    ],
)
def test_redirects_to_what_is_no_address(location):
    from scrapy.http import Request, Response

    response = Response("https://a.example/x", status=302, headers={"Location": location})
    with pytest.raises((BadRedirect, AddressRefused)) as refused:
        AddressMiddleware().process_response(Request("https://a.example/x"), response)
    assert "redirect" in str(refused.value)


def test_urls_in_reports_have_no_password():
    assert without_secrets("https://me:secret@a.example/p?x=1") == "https://a.example/p?x=1"
