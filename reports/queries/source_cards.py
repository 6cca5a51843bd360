"""What the page of the sources shows of each: state, needs, visits and what is the operator's."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from reports import text
from reports.queries.runs import RunSummary
from reports.queries.sources import Health, Visit, got_answer, health_of, known_snapshots, visits
from trainer.cli.sources import why_off
from trainer.config.environment import environment as of_this_process
from trainer.config.sources import SourceConfig, load_sources
from trainer.config.sources_page import FETCHERS
from trainer.crawl.budget_holds import holds_of, read_holds
from trainer.crawl.environment import FETCHER_VARIABLES
from trainer.overrides.listing import overridden
from trainer.services.given_keys import is_given, with_noted_names
from trainer.staging.paths import DataDir
from trainer.state.store import SnapshotRow


class Need(NamedTuple):
    """What a source needs besides being on."""

    what: str
    there: bool
    where: str


class Card(NamedTuple):
    """One source."""

    source: SourceConfig
    health: Health
    needs: list[Need]
    last: Visit | None
    watermark: datetime | None
    full_sweep: datetime | None
    own_keys: list[str]  # what the operator overrides
    held: Mapping[str, datetime] = MappingProxyType({})  # host -> until when it is left alone


def cards(
    data: DataDir, runs: list[RunSummary], environment: Mapping[str, str] | None = None
) -> tuple[list[Card], list[str]]:
    """All sources by key, those that list performers first; and problems, as sentences.

    Raises `ConfigError` for a file of the operator's that can't be read.
    """
    snapshots, problems = known_snapshots(data)
    known = with_noted_names(of_this_process(environment), data.root)
    own = [row.name for row in overridden(data)]
    holds = read_holds(data.budget)
    found = [
        _card(source, runs, snapshots.get(key), own, known)._replace(held=holds_of(source, holds))
        for key, source in load_sources(data.root).items()
    ]
    found.sort(key=lambda card: (not card.source.creates_performers, card.source.key))
    return found, problems


def _card(
    source: SourceConfig,
    runs: list[RunSummary],
    snapshot: SnapshotRow | None,
    own: list[str],
    environment: Mapping[str, str],
) -> Card:
    key = source.key
    asked = visits(runs, key)
    last = asked[0] if asked else None
    return Card(
        source,
        health_of(source, why_off(source, environment), runs, snapshot),
        list(_needs(source, last, environment)),
        last,
        text.moment(snapshot.watermark) if snapshot else None,
        text.moment(snapshot.full_sweep_at) if snapshot else None,
        [name.removeprefix(f"{key}.") for name in own if name.startswith(f"{key}.")],
    )


def _needs(
    source: SourceConfig, last: Visit | None, environment: Mapping[str, str]
) -> Iterator[Need]:
    """Builds may run elsewhere: one that got an answer had the key."""
    answered = got_answer(last)
    if source.api_key_env:
        here = is_given(source.api_key_env, environment)
        seen = f"{source.api_key_env} is set" if here else "the last build had it"
        missing = f"set {source.api_key_env}"
        yield Need("API key", here or answered, seen if here or answered else missing)
    for fetcher, when in ((source.fetcher, ""), (source.fetcher_on_403, " where it is refused")):
        variable = FETCHER_VARIABLES.get(fetcher or "")
        if variable:
            here = is_given(variable, environment)
            name = FETCHERS[str(fetcher)]
            yield Need(f"{name}{when}", here, f"{variable} is {'set' if here else 'not set'}")
