"""The last snapshot's row of a page, judged by today's rule and today's records."""

from __future__ import annotations

from typing import NamedTuple

from scrapy_project.storage.profile_rows import with_owners
from trainer.crawl.confirm import judge
from trainer.staging.rows import PerformerRecord, Target


class JudgedAgain(NamedTuple):
    """`withdrawn`: why the page's pictures, which were believed, are not any more."""

    row: PerformerRecord
    withdrawn: str | None = None


def judged_again(target: Target, earlier: PerformerRecord | None) -> JudgedAgain | None:
    """The row as it may be used today; None where the page has to be read.

    A page found by a link is judged by what was read of it. One that was in doubt and fits by now
    is read again: its pictures were not kept.
    """
    if earlier is None or not _was_read(target, earlier):
        return None
    if earlier["deleted"] or target["found_by"] == "name":
        return JudgedAgain(earlier) if _same_records(target, earlier) else None
    return _judge_by_link(target, earlier)


def _was_read(target: Target, earlier: PerformerRecord) -> bool:
    """Was the page read, and found in the same way as today?"""
    return earlier["found_by"] == target["found_by"] and bool(earlier["fetched_at"])


def _judge_by_link(target: Target, earlier: PerformerRecord) -> JudgedAgain | None:
    """The row of a page found by a link, judged by what was read of it."""
    facts = {**earlier, "links": [link["url"] for link in earlier["urls"] or ()]}
    confirmation = judge(facts, "url", target["candidates"])
    row = with_owners(earlier, confirmation)
    if confirmation.doubt:
        return JudgedAgain({**row, "images": []}, confirmation.doubt if earlier["images"] else None)
    return JudgedAgain(row) if earlier["images"] or earlier["confirmed_by"] else None


def _same_records(target: Target, earlier: PerformerRecord) -> bool:
    """Was the page asked for on behalf of the same records?"""
    candidates = {(c["source"], c["source_id"]) for c in target["candidates"]}
    owners = {(o["source"], o["source_id"]) for o in earlier["owners"] or ()}
    return owners <= candidates if earlier["confirmed_by"] else owners == candidates
