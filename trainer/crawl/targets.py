"""Which pages a reference site is asked for: by the links of performers, or by their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

from trainer.config.sources import SourceConfig
from trainer.crawl.slugs import slug
from trainer.identity.links import identify_in
from trainer.identity.site_table import SiteTable

Row = dict[str, Any]
_FACTS = ("source", "source_id", "name", "aliases", "birth_date", "country")
RECORD_COLUMNS = (*_FACTS, "gender", "urls", "scene_count", "deleted", "merged_into_id")


class _Page(NamedTuple):
    page_id: str
    path: str


class Targets:
    """Collects the pages of every chosen reference site over all creators' records."""

    def __init__(
        self, sources: Mapping[str, SourceConfig], table: SiteTable, by_name: bool
    ) -> None:
        """`table` knows the sources' pages where the operator says that they are."""
        self._sources = {key: s for key, s in sources.items() if s.page is not None}
        self._table = table
        self._by_name = by_name
        self._linked: dict[str, dict[_Page, list[Row]]] = {k: {} for k in self._sources}
        self._named: dict[str, dict[_Page, list[Row]]] = {k: {} for k in self._sources}

    def add(self, record: Mapping[str, Any]) -> None:
        """One live record of a creator."""
        pages = self._pages_of(record)
        candidate = _candidate(record)  # one for all pages: there are many
        for key, source in self._sources.items():
            allowed = is_wanted(record["gender"], source, found_by_link=bool(pages[key]))
            if not allowed:
                continue
            for page in pages[key]:
                self._linked[key].setdefault(page, []).append(candidate)
            if self._by_name and not pages[key]:
                page_by_name = named_page(record["name"], source)
                if page_by_name is not None:
                    self._named[key].setdefault(page_by_name, []).append(candidate)

    def rows(self, source: str, known: Collection[str]) -> list[Row]:
        """TARGETS rows: pages never read (not in `known`) first, then by scenes, then by path."""
        linked, named = self._linked[source], self._named[source]
        rows = [_row(page, "url", who) for page, who in linked.items()]
        ids = {page.page_id for page in linked}
        # A page that somebody links to belongs to her or him, whoever else has the name.
        rows += [_row(p, "name", who) for p, who in named.items() if p.page_id not in ids]
        one_each: dict[str, Row] = {}
        # Of several paths to one page the longest leaves nothing out: a name, a gender.
        for row in sorted(rows, key=lambda r: (r["found_by"] != "url", -len(r["path"]), r["path"])):
            other = one_each.setdefault(row["page_id"], row)
            if other is not row:
                other["candidates"] = _merged(other["candidates"], row["candidates"])
        return sorted(
            one_each.values(),
            key=lambda r: (r["page_id"] in known, -(r["scene_count"] or 0), r["path"]),
        )

    def _pages_of(self, record: Mapping[str, Any]) -> dict[str, list[_Page]]:
        found: dict[str, list[_Page]] = defaultdict(list)
        for url in record["urls"] or ():
            link = identify_in(self._table, url["url"])
            if link.site in self._sources and link.id is not None and link.path is not None:
                page = _Page(link.id, link.path)
                if page not in found[link.site]:
                    found[link.site].append(page)
        return found


def is_wanted(gender: str | None, source: SourceConfig, found_by_link: bool) -> bool:
    """Is a performer of this gender looked for there? Unknown passes where there is a link."""
    if not source.gender_filter:
        return True
    return gender in source.gender_filter if gender else found_by_link


def named_page(name: str, source: SourceConfig) -> _Page | None:
    """The page that the site would have for a name; None where it can't be asked by name."""
    rule = source.page
    if rule is None or rule.slug is None:
        return None
    found = slug(name, rule.slug)
    if found is None or "/" in found or found.casefold() in {r.casefold() for r in rule.reserved}:
        return None
    values = {"id": quote(found), "name": quote("-".join(name.split()))}
    return _Page(found, rule.links[0].path.format_map(values))


def live(records: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """Records that stand for somebody today."""
    return (r for r in records if not r["deleted"] and r["merged_into_id"] is None)


def _candidate(record: Mapping[str, Any]) -> Row:
    urls = [link["url"] for link in record["urls"] or ()]
    facts = {name: record[name] for name in _FACTS}
    return {**facts, "urls": urls, "scenes": record["scene_count"] or 0}


def _row(page: _Page, found_by: str, candidates: list[Row]) -> Row:
    ordered = sorted(candidates, key=lambda c: (c["source"], c["source_id"]))
    return {
        "page_id": page.page_id,
        "path": page.path,
        "found_by": found_by,
        "candidates": [{k: v for k, v in c.items() if k != "scenes"} for c in ordered],
        "scene_count": max(c["scenes"] for c in ordered),
    }


def _merged(one: list[Row], other: list[Row]) -> list[Row]:
    found = {(c["source"], c["source_id"]): c for c in [*one, *other]}
    return [found[key] for key in sorted(found)]
