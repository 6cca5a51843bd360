"""What the run's crawls noted of excluded records when they dropped them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

from trainer.exclusions.entries import Exclusions, read_exclusions
from trainer.runs.context import RunContext
from trainer.snapshots.store import CRAWL_NOTES
from trainer.staging.parquet import parts, read_schema
from trainer.staging.paths import RunDir


def exclusions_of(context: RunContext) -> Exclusions:
    """The list in force, with the links of those whom this run's crawls dropped: other sources,
    crawled meanwhile, may list the same person."""
    exclusions = read_exclusions(context.data)
    in_force = set(exclusions.numbers.values())
    noted = dropped_links(context.run, context.plan.creators) if in_force else {}
    for number, keys in noted.items():
        for key in keys if number in in_force else ():
            exclusions.links.add(key)
    return exclusions


def dropped_links(run: RunDir, sources: Iterable[str]) -> dict[int, set[str]]:
    """Return the links of those whom a run's crawls of `sources` dropped, by the number of the
    exclusion: hashes (trainer/exclusions/link_keys.py)."""
    found: dict[int, set[str]] = defaultdict(set)
    for source in sources:
        for path in parts(run.staging(source), "performers-"):
            metadata = read_schema(path).metadata or {}
            notes = json.loads(metadata.get(CRAWL_NOTES, b"{}")).get("excluded_links", {})
            for number, keys in notes.items():
                found[int(number)].update(keys)
    return dict(found)
