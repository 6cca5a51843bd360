"""Which pages a reference site is asked for: by the links of performers, or by their names."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import quote

from trainer.config.sources import SourceConfig
from trainer.crawl.needs import Claim, lacks
from trainer.crawl.slugs import slug
from trainer.identity.links import identify_in
from trainer.identity.site_table import SiteTable
from trainer.staging.rows import Candidate, PerformerRecord, Target

RECORD_COLUMNS = (
    *("source", "source_id", "name", "aliases", "birth_date", "country", "gender", "urls"),
    *("scene_count", "deleted", "merged_into_id"),
)


class _Page(NamedTuple):
    page_id: str
    path: str


class _Listed(NamedTuple):
    candidate: Candidate
    scenes: int


class Targets:
    """Collects the pages of every chosen reference site over all creators' records."""

    def __init__(
        self, sources: Mapping[str, SourceConfig], table: SiteTable, by_name: bool
    ) -> None:
        """`table` knows the sources' pages where the operator says that they are."""
        self._sources = {key: s for key, s in sources.items() if s.page is not None}
        self._table = table
        self._by_name = by_name
        self._linked: dict[str, dict[_Page, list[_Listed]]] = {k: {} for k in self._sources}
        self._named: dict[str, dict[_Page, list[_Listed]]] = {k: {} for k in self._sources}

    def add(self, record: PerformerRecord) -> None:
        """Take in one live record of a creator."""
        pages = self._pages_of(record)
        listed = _Listed(_candidate(record), record["scene_count"] or 0)  # one for many pages
        for key, source in self._sources.items():
            allowed = is_wanted(record["gender"], source, found_by_link=bool(pages[key]))
            if not allowed:
                continue
            for page in pages[key]:
                self._linked[key].setdefault(page, []).append(listed)
            if self._by_name and not pages[key]:
                page_by_name = named_page(record["name"], source)
                if page_by_name is not None:
                    self._named[key].setdefault(page_by_name, []).append(listed)

    def rows(
        self, source: str, known: Collection[str], faces: Mapping[Claim, int] | None = None
    ) -> list[Target]:
        """Return the pages: those never read (not in `known`) first; of these and of the others
        those of performers who lack something (`faces` by record are known), by scenes and path.
        """
        linked, named = self._linked[source], self._named[source]
        rows = [_row(page, "url", who) for page, who in linked.items()]
        ids = {page.page_id for page in linked}
        # A page that somebody links to belongs to her or him, whoever else has the name.
        rows += [_row(p, "name", who) for p, who in named.items() if p.page_id not in ids]
        one_each: dict[str, Target] = {}
        # Of several paths to one page the longest leaves nothing out: a name, a gender.
        for row in sorted(rows, key=lambda r: (r["found_by"] != "url", -len(r["path"]), r["path"])):
            first = one_each.setdefault(row["page_id"], row)
            if first is not row:
                first["candidates"] = _merged(first["candidates"], row["candidates"])
        return sorted(
            one_each.values(),
            key=lambda r: (
                r["page_id"] in known,
                faces is not None and not lacks(r["candidates"], faces),
                -(r["scene_count"] or 0),
                r["path"],
            ),
        )

    def _pages_of(self, record: PerformerRecord) -> dict[str, list[_Page]]:
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


def live(records: Iterable[PerformerRecord]) -> Iterable[PerformerRecord]:
    """Return the records that stand for somebody today."""
    return (r for r in records if not r["deleted"] and r["merged_into_id"] is None)


def _candidate(record: PerformerRecord) -> Candidate:
    return {
        "source": record["source"],
        "source_id": record["source_id"],
        "name": record["name"],
        "aliases": record["aliases"],
        "birth_date": record["birth_date"],
        "country": record["country"],
        "urls": [link["url"] for link in record["urls"] or ()],
    }


def _row(page: _Page, found_by: str, listed: list[_Listed]) -> Target:
    candidates = (candidate for candidate, _ in listed)
    return {
        "page_id": page.page_id,
        "path": page.path,
        "found_by": found_by,
        "candidates": sorted(candidates, key=lambda c: (c["source"], c["source_id"])),
        "scene_count": max(scenes for _, scenes in listed),
    }


def _merged(left: list[Candidate], right: list[Candidate]) -> list[Candidate]:
    found = {(c["source"], c["source_id"]): c for c in [*left, *right]}
    return [found[key] for key in sorted(found)]
