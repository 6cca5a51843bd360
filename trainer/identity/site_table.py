"""The sites that links lead to: `links.yaml`, and the sources' own pages."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from trainer.config.sources import PageRule, SourceConfig
from trainer.identity.addresses import Address, readable

TABLE = Path(__file__).with_name("links.yaml")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PLAIN_HOSTS = re.compile(r"(www\d*|m|mobile|touch|web|old|new|amp|[a-z]{2}|[a-z]{2}-[a-z]{2})")
_SAFE = "-._~!$'()*+,;:@="

Case = Literal["lower", "upper", "keep"]
Kind = Literal["catalogue", "profile", "hub", "shop", "studio"]


class Found(BaseModel):
    """What a link names on its site: the id, the link's one spelling, a reference page's path."""

    model_config = ConfigDict(frozen=True)

    id: str
    url: str
    path: str | None = None


class Form(BaseModel):
    """One form of a site's links; see the head of links.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    match: str
    url: str
    id: str = "{id}"
    query: str | None = None
    case: Case | None = None

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(self.match, re.IGNORECASE | re.ASCII)


class Site(BaseModel):
    """A site of links.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind
    domains: list[str]
    forms: list[Form]
    subdomains: list[str] = []
    host: str | None = None
    case: Case = "lower"
    reserved: list[str] = []

    @property
    def strong(self) -> bool:
        return self.kind in ("catalogue", "profile")

    def find(self, address: Address, domain: str) -> Found | None:
        groups = self._host_groups(address.host, domain)
        if groups is None:
            return None
        for form in self.forms:
            match = form.pattern.fullmatch(
                address.with_query(form.query) if form.query else address.path
            )
            named = groups | match.groupdict() if match else {}
            if match and all(value is not None for value in named.values()):
                return self._named(form, named)
        return None

    def _host_groups(self, host: str, domain: str) -> dict[str, str] | None:
        """Groups of the host that belong to the identity; None where it is another site's."""
        if self.host is not None:
            match = re.fullmatch(self.host, host)
            return {k: v for k, v in match.groupdict().items() if v} if match else None
        return {} if is_plain_host(host, domain, self.subdomains) else None

    def _named(self, form: Form, groups: Mapping[str, str]) -> Found | None:
        if groups["id"].casefold() in self.reserved:
            return None
        case = form.case or self.case
        text = {k: _in_case(readable(v), case) for k, v in groups.items()}
        try:
            found = form.id.format(**text)
            quoted = {k: quote(v, safe=_SAFE) for k, v in text.items()}
            return Found(id=found, url=form.url.format(**quoted)) if found else None
        except KeyError:  # a group of the host that this form needs is not there
            return None


class Page:
    """A reference site's pages, by its source's `page` rule."""

    kind: Kind = "catalogue"
    strong = True

    def __init__(self, rule: PageRule, base_url: str) -> None:
        self._rule = rule
        self._base = base_url.rstrip("/")
        self.domains = rule.domains
        self._patterns = [(re.compile(p.match, re.IGNORECASE), p.path) for p in rule.links]

    def find(self, address: Address, domain: str) -> Found | None:
        return self.page(address) if is_plain_host(address.host, domain, ()) else None

    def page(self, address: Address) -> Found | None:
        """The page at `address`, whichever host it names."""
        for text in (address.with_query(), address.path, f"{address.path}/"):
            for pattern, template in self._patterns:
                match = pattern.match(text)
                if match and match["id"]:
                    return self._named(match, template)
        return None

    def _named(self, match: re.Match[str], template: str) -> Found | None:
        groups = {name: value or "" for name, value in match.groupdict().items()}
        found = readable(groups["id"])
        if found.casefold() in {r.casefold() for r in self._rule.reserved}:
            return None
        if self._rule.slug != "underscore":  # wiki-like sites tell upper from lower case
            found, groups["id"] = found.lower(), groups["id"].lower()
        path = template.format(**groups)
        return Found(id=found, url=self._base + path, path=path)


def _in_case(text: str, case: Case) -> str:
    return text if case == "keep" else text.lower() if case == "lower" else text.upper()


class SiteTable:
    """Sites by domain. Raises `ValueError` where two sites claim one domain."""

    def __init__(self, sites: Mapping[str, Site | Page]) -> None:
        self.sites = dict(sites)
        self._by_domain: dict[str, str] = {}
        for key, site in self.sites.items():
            for domain in site.domains:
                if self._by_domain.setdefault(domain, key) != key:
                    raise ValueError(f"{domain} is of {self._by_domain[domain]} and of {key}")

    def find(self, address: Address) -> tuple[str, Found] | None:
        labels = address.host.split(".")
        for start in range(len(labels) - 1):
            domain = ".".join(labels[start:])
            key = self._by_domain.get(domain)
            if key is not None:
                found = self.sites[key].find(address, domain)
                return (key, found) if found else None
        return None

    def of_kind(self, kind: Kind) -> frozenset[str]:
        return frozenset(key for key, site in self.sites.items() if site.kind == kind)


def is_plain_host(host: str, domain: str, more: Iterable[str]) -> bool:
    """Is `host` the site's own, or www, mobile or a language of it?"""
    if host == domain:
        return True
    prefixes = host.removesuffix(f".{domain}").split(".")
    return all(_PLAIN_HOSTS.fullmatch(prefix) or prefix in set(more) for prefix in prefixes)


def site_table(sources: Mapping[str, SourceConfig]) -> SiteTable:
    """links.yaml, and the pages of `sources`."""
    raw = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    sites: dict[str, Site | Page] = dict(TypeAdapter(dict[str, Site]).validate_python(raw))
    for key, source in sources.items():
        if source.page is not None:
            sites[key] = Page(source.page, str(source.base_url))
        else:
            sites[key] = _record_pages(source)
    return SiteTable(sites)


def _record_pages(source: SourceConfig) -> Site:
    """A creator's pages of its records: `/performers/<id>` at its domain."""
    number = _UUID if source.kind == "stash_box" else r"[\w-]+"
    form = Form(
        match=f"/performers/(?P<id>{number})(?:/.*)?",
        url=f"https://{source.domain}/performers/{{id}}",
    )
    return Site(kind="catalogue", domains=[source.domain], forms=[form])
