"""Excluded records are dropped before anything of them is written or asked for."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable

from scrapy_project.kinds.responses import ListPage
from trainer.exclusions.entries import Exclusions
from trainer.exclusions.link_keys import link_keys
from trainer.staging.rows import PerformerRecord, Target


def without_excluded(page: ListPage, source: str, exclusions: Exclusions) -> ListPage:
    """The page without excluded records; the page itself where there is none.

    A resumed crawl must count the live ones as listed: their ids are kept as digests. Hashes of
    the links of those that an exclusion matches by itself are kept, too: nothing else will know
    them when another source lists the same person.
    """
    if not exclusions:
        return page
    dropped = [row for row in page.rows if exclusions.record({**row, "source": source})]
    if not dropped:
        return page
    return _drop(page, {str(row["source_id"]) for row in dropped}).model_copy(
        update={
            "excluded": sorted({*page.excluded, *_digests_of_live(dropped)}),
            "excluded_links": _links(page, dropped, source, exclusions),
        }
    )


def _drop(page: ListPage, ids: Collection[str]) -> ListPage:
    """The page without rows, refused ids and errors of the records with these ids."""
    return page.model_copy(
        update={
            "rows": [row for row in page.rows if row["source_id"] not in ids],
            "refused_ids": [number for number in page.refused_ids if number not in ids],
            "errors": [e for e in page.errors if not any(i in e.message for i in ids)],
        }
    )


def _digests_of_live(rows: Iterable[PerformerRecord]) -> set[str]:
    return {_digest(str(row["source_id"])) for row in rows if not row["deleted"]}


def _links(
    page: ListPage, dropped: list[PerformerRecord], source: str, exclusions: Exclusions
) -> dict[str, list[str]]:
    found = {number: set(keys) for number, keys in page.excluded_links.items()}
    for row in dropped:
        number = exclusions.entry_of({**row, "source": source})
        if number is not None:
            found.setdefault(str(number), set()).update(link_keys({**row, "source": source}))
    return {number: sorted(keys) for number, keys in sorted(found.items()) if keys}


def without_excluded_targets(
    targets: list[Target], source: str, base: str, exclusions: Exclusions
) -> list[Target]:
    """The pages that are still to be asked for: on behalf of somebody who is not excluded."""
    if not exclusions:
        return targets
    kept: list[Target] = []
    for target in targets:
        if exclusions.claim(source, target["page_id"]) or exclusions.url(base + target["path"]):
            continue
        candidates = [c for c in target["candidates"] if exclusions.record(c) is None]
        if candidates:
            kept.append({**target, "candidates": candidates})
    return kept


def _digest(number: str) -> str:
    return hashlib.sha256(number.encode()).hexdigest()[:16]
