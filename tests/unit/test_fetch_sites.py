"""Which hosts are one site, which pages are one, and which may be asked."""

from __future__ import annotations

import asyncio

import pytest

from scrapy_project.fetchers.sites import check_public, same_page, same_site
from scrapy_project.limits.middlewares.addresses import AddressRefused, PublicResolver

PAGE = "https://www.site.example/babe/Ann_Ex"


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://site.example/", True),
        ("https://IMG.site.example./a", True),
        ("http://www.site.example/", False),
        ("https://other.example/", False),
        ("https://www.site.example.evil.example/", False),
        ("chrome-error://chromewebdata/", False),
        ("about:blank", False),
        ("https://", False),
    ],
)
def test_sites(url, same):
    assert same_site(PAGE, url) is same


def test_hosts_of_a_shared_suffix_are_sites_of_their_own():
    assert not same_site("https://a.github.io/", "https://b.github.io/")
    assert not same_site("https://a.co.uk/", "https://b.co.uk/")
    assert not same_site("http://127.0.0.1/", "http://10.0.0.1/")
    assert same_site("http://site.example/", "https://site.example/")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        (PAGE, True),
        (f"{PAGE}?__cf_chl_tk=1#top", True),
        ("http://www.site.example/babe/Ann%5FEx", True),
        ("https://www.site.example/babe/Ann", False),
        ("https://site.example/babe/Ann_Ex", False),
    ],
)
def test_pages(url, same):
    assert same_page(PAGE, url) is same


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"])
def test_private_hosts_are_refused_unless_allowed(monkeypatch, host):
    monkeypatch.setattr(PublicResolver, "allow_private", False)
    with pytest.raises(AddressRefused, match="TRAINER_ALLOW_PRIVATE_HOSTS"):
        asyncio.run(check_public(f"http://{host}:80/"))
    monkeypatch.setattr(PublicResolver, "allow_private", True)
    asyncio.run(check_public(f"http://{host}:80/"))


def test_every_address_of_a_name_must_be_public(monkeypatch):
    monkeypatch.setattr(PublicResolver, "allow_private", False)
    addresses = ["93.184.215.14"]

    async def resolved(self, host, port, **_):
        return [(2, 1, 6, "", (address, 0)) for address in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", resolved)
    asyncio.run(check_public("https://site.example/"))
    addresses.append("192.168.1.1")
    with pytest.raises(AddressRefused, match=r"site\.example resolves to 192\.168\.1\.1"):
        asyncio.run(check_public("https://site.example/"))
