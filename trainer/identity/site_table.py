"""The sites that links lead to: `links.yaml`, and the sources' own pages."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import quote

import yaml
from pydantic import BaseModel, ConfigDict, TypeAdapter

from trainer.config.sources import LinkPattern, PageRule, SourceConfig
from trainer.identity.addresses import Address, readable, take_apart
from trainer.identity.hosts import hosts, in_any_language

TABLE = Path(__file__).with_name("links.yaml")
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SAFE = "-._~!$'()*+,;:@="

Case = Literal["lower", "upper", "keep"]
Kind = Literal["catalogue", "profile", "hub", "shop", "studio"]


class Found(NamedTuple):
    """What a link names on its site: the id, the link's one spelling, a reference page's path.

    `formerly`: other ids that earlier versions gave to links of the same page. `space`: only ids of
    one space can be compared.
    """

    id: str
    url: str
    path: str | None = None
    formerly: tuple[str, ...] = ()
    space: str = ""


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
        """The compiled `match`, without regard to case."""
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
    wiki: bool = False
    reserved: list[str] = []

    @property
    def strong(self) -> bool:
        """Does a link to this site name one person?"""
        return self.kind in ("catalogue", "profile")

    def find(self, address: Address, domain: str) -> Found | None:
        """Return whom an address under `domain` names, in whatever language folder; None for other
        addresses of the site."""
        groups = self._host_groups(address.host, domain)
        if groups is None:
            return None
        return in_any_language(address, partial(self._read, groups))

    def _read(self, groups: Mapping[str, str], address: Address) -> Found | None:
        for form in self.forms:
            match = form.pattern.fullmatch(
                address.with_query(form.query) if form.query else address.path
            )
            named = {**groups, **match.groupdict()} if match else {}
            if match and all(value is not None for value in named.values()):
                return self._named(form, named)
        return None

    def _host_groups(self, host: str, domain: str) -> dict[str, str] | None:
        """Groups of the host that belong to the identity; None where it is another site's."""
        if self.host is not None:
            match = re.fullmatch(self.host, host)
            return {k: v for k, v in match.groupdict().items() if v} if match else None
        return {} if hosts().is_plain(host, domain, self.subdomains) else None

    def _named(self, form: Form, groups: Mapping[str, str]) -> Found | None:
        if groups["id"].casefold() in self.reserved:
            return None
        case = form.case or self.case
        text = {k: _in_case(readable(v), case) for k, v in groups.items()}
        if self.wiki:
            text = {**text, "id": _in_case(wiki_title(text["id"]), case)}
        try:
            found = form.id.format(**text)
            quoted = {k: quote(v, safe=_SAFE) for k, v in text.items()}
            formerly = _ids_before(form, text, case) if self.wiki else ()
            url = form.url.format(**quoted)
            return Found(id=found, url=url, formerly=formerly) if found else None
        except KeyError:  # a group of the host that this form needs is not there
            return None


def _ids_before(form: Form, text: Mapping[str, str], case: Case) -> tuple[str, ...]:
    """Ids of a wiki's page from when blanks and first letters were kept as they were written."""
    title = text["id"]
    small = _in_case(title[:1].lower() + title[1:], case)
    ways = [way for spelling in (title, small) for way in (spelling, spelling.replace("_", " "))]
    ids = dict.fromkeys(form.id.format(**{**text, "id": way}) for way in ways)
    return tuple(number for number in ids if number != form.id.format(**text))


class SitePage:
    """A reference site's pages, by its source's `page` rule."""

    kind: Kind = "catalogue"
    strong = True

    def __init__(self, rule: PageRule, base_url: str) -> None:
        self._wiki = rule.slug == "underscore"
        self._reserved = frozenset(r.casefold() for r in rule.reserved)
        self._base = base_url.rstrip("/")
        own = take_apart(self._base)  # where the operator says that the site is
        self.domains = list(dict.fromkeys([*rule.domains, *([own.host] if own else [])]))
        self._patterns = [(re.compile(p.match, re.IGNORECASE), p) for p in rule.links]

    def find(self, address: Address, domain: str) -> Found | None:
        """Return whom an address names if it is a page of the source, on a plain host."""
        return self.page(address) if hosts().is_plain(address.host, domain) else None

    def page(self, address: Address) -> Found | None:
        """The page at `address`, whichever host it names."""
        return in_any_language(address, self._read)

    def _read(self, address: Address) -> Found | None:
        text = address.with_query() if address.query else address.path
        for way in dict.fromkeys((text, address.path, f"{address.path}/")):
            for pattern, link in self._patterns:
                match = pattern.match(way)
                found = self._named(match, link) if match and match["id"] else None
                if found is not None:
                    return found
        return None

    def _named(self, match: re.Match[str], link: LinkPattern) -> Found | None:
        groups = {name: value or "" for name, value in match.groupdict().items()}
        given = readable(groups["id"])
        if given.casefold() in self._reserved:
            return None
        if match.start("id") == 1 and hosts().is_language(given):
            return None  # the site's front page in that language
        if self._wiki:
            groups["id"] = _title(groups["id"].replace("%20", "_").replace("+", "_"))
            found = readable(groups["id"])
        elif link.written_as == "hyphen":
            found = _hyphen(given).lower()
            groups["id"] = quote(found)
        else:
            found, groups["id"] = given.lower(), groups["id"].lower()
        path = link.path.format(**groups)
        formerly = (wiki_title(given),) if self._wiki and wiki_title(given) != found else ()
        return Found(found, self._base + path, path, formerly, link.space)


def wiki_title(text: str) -> str:
    """As wikis write the titles of their pages: underscores for blanks, a capital to begin with."""
    return _title(text.replace(" ", "_"))


def _title(text: str) -> str:
    return text[:1].upper() + text[1:]


def _hyphen(name: str) -> str:
    letters = (c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    return "-".join(re.findall(r"[^\W_]+", "".join(letters).replace("'", "")))


def _in_case(text: str, case: Case) -> str:
    return text if case == "keep" else text.lower() if case == "lower" else text.upper()


class SiteTable:
    """Sites by domain. Raises `ValueError` where two sites claim one domain."""

    def __init__(self, sites: Mapping[str, Site | SitePage]) -> None:
        self.sites = dict(sites)
        self._by_domain: dict[str, tuple[str, str]] = {}  # the site, and its own domain
        for key, site in self.sites.items():
            for domain in site.domains:
                for known in (domain, *hosts().others(domain)):
                    if self._by_domain.setdefault(known, (key, domain))[0] != key:
                        raise ValueError(f"{known} is of {self._by_domain[known][0]} and of {key}")

    def find(self, address: Address) -> tuple[str, Found] | None:
        """Return the key of the site that an address belongs to, and whom it names; None for
        unknown sites."""
        host = address.host
        while host:
            known = self._by_domain.get(host)
            if known is not None:
                return self._find(address, host, *known)
            _, _, host = host.partition(".")
        return None

    def _find(
        self, address: Address, domain: str, key: str, known: str
    ) -> tuple[str, Found] | None:
        if domain != known:
            host = address.host.removesuffix(domain) + known
            address = Address(host, address.path, address.query)
        found = self.sites[key].find(address, known)
        return (key, found) if found else None

    def domains_of(self, key: str) -> tuple[str, ...]:
        """All domains under which links to a site are written."""
        return tuple(domain for domain, (site, _) in self._by_domain.items() if site == key)

    def of_kind(self, kind: Kind) -> frozenset[str]:
        """Return the keys of the sites of one kind."""
        return frozenset(key for key, site in self.sites.items() if site.kind == kind)


def site_table(sources: Mapping[str, SourceConfig]) -> SiteTable:
    """links.yaml, and the pages of `sources`."""
    raw = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    sites: dict[str, Site | SitePage] = dict(TypeAdapter(dict[str, Site]).validate_python(raw))
    for key, source in sources.items():
        if source.page is not None:
            sites[key] = SitePage(source.page, str(source.base_url))
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
    return Site(kind="catalogue", domains=[source.domain], subdomains=["api"], forms=[form])
