"""Names that have IPv6 addresses only, and literals; private ones are refused by the same rules."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from scrapy.resolver import dnscache
from twisted.internet.address import IPv4Address, IPv6Address

from scrapy_project.limits.middlewares import addresses
from scrapy_project.limits.middlewares.addresses import PublicResolver
from tests.unit.fetch_bench import crawl, serve

PUBLIC6, PUBLIC4 = "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "93.184.215.14"


class _Names:
    """Stands in for the system's resolver."""

    def __init__(self, found: dict[str, list[str]]) -> None:
        self._found = found
        self.asked: list[str] = []

    def resolveHostName(self, receiver: Any, name: str, port: int, *_more: Any) -> Any:
        self.asked.append(name)
        receiver.resolutionBegan(self)
        for host in self._found.get(name, []):
            kind = IPv6Address if ":" in host else IPv4Address
            receiver.addressResolved(kind("TCP", host, port))
        receiver.resolutionComplete()
        return self


class _Receiver:
    def __init__(self) -> None:
        self.hosts: list[str] = []
        self.ports: set[int] = set()
        self.events: list[str] = []

    def resolutionBegan(self, _resolution: Any) -> None:
        self.events.append("began")

    def addressResolved(self, address: Any) -> None:
        self.hosts.append(address.host)
        self.ports.add(address.port)

    def resolutionComplete(self) -> None:
        self.events.append("complete")


@pytest.fixture
def resolved(monkeypatch):
    """Resolve a name that has these addresses, twice: the second time out of the cache."""
    monkeypatch.setattr(PublicResolver, "allow_private", False)
    monkeypatch.setattr(PublicResolver, "refused", {})

    def resolve(*hosts: str) -> list[str]:
        dnscache.clear()
        names = _Names({"site.example": list(hosts)})
        resolver = PublicResolver(SimpleNamespace(nameResolver=names), 100)
        answers = []
        for port in (80, 443):
            receiver = _Receiver()
            resolver.resolveHostName(receiver, "site.example", port)
            assert receiver.events == ["began", "complete"] and receiver.ports <= {port}
            answers.append(receiver.hosts)
        assert answers[0] == answers[1] and (not hosts or names.asked == ["site.example"])
        return answers[0]

    yield resolve
    dnscache.clear()


@pytest.mark.parametrize("hosts", [[PUBLIC6], [PUBLIC4], [PUBLIC6, PUBLIC4], []])
def test_public_addresses_of_both_kinds_are_used(resolved, hosts):
    assert resolved(*hosts) == hosts and PublicResolver.refused == {}


@pytest.mark.parametrize("private", ["::1", "fd00::1", "fe80::1", "::ffff:10.0.0.1", "10.0.0.1"])
def test_a_name_with_one_private_address_is_refused_whole(resolved, private):
    assert resolved(PUBLIC6, private) == []
    assert PublicResolver.refused == {"site.example": private}


def test_an_operators_own_servers_are_allowed_where_they_say_so(resolved, monkeypatch):
    monkeypatch.setattr(PublicResolver, "allow_private", True)
    assert resolved("::1") == ["::1"]


def test_a_crawl_reaches_a_server_by_its_ipv6_address_if_it_may(tmp_path):
    with serve("::1") as site:
        url = site.html("/a", "<p>Ann")
        assert url.startswith("http://[::1]:")
        done = crawl(tmp_path / "own", site, [(url, "page")])
        assert done.answers[0]["body"] == "<p>Ann"
        asked = len(site.hits)
        done = crawl(tmp_path / "public", site, [(url, "page")], allow_private=False)
        assert done.answers == [] or "error" in done.answers[0]
        assert len(site.hits) == asked


def test_the_resolver_is_the_crawls():
    from scrapy_project import settings

    assert f"{addresses.__name__}.PublicResolver" == settings.TWISTED_DNS_RESOLVER
