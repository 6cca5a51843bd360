"""Which sources a build can be started with, and what keeps it from asking the others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from trainer.cli.sources import why_off
from trainer.config.sources import SourceConfig
from trainer.services.given_keys import GIVEN_KEYS, is_given

GROUPS = {
    "stash_box": "Stash-boxes",
    "rest": "Other databases",
    "html_profile": "Reference sites",
}


class Choice(NamedTuple):
    """One source. `can_run` is False where a build would certainly not ask it; `reason` says why,
    or what is missing as far as this process knows."""

    key: str
    group: str
    can_run: bool
    reason: str


def choices(
    sources: Mapping[str, SourceConfig], environment: Mapping[str, str], answered: Iterable[str]
) -> list[Choice]:
    """All sources, by group and key.

    `answered`: sources that the last builds got answers of. Builds may run in another process,
    with a key that this one does not see: only where the containers tell these pages which keys
    there are is a missing one certain.
    """
    had = set(answered)
    found = [_choice(source, environment, had) for source in sources.values()]
    order = list(GROUPS.values())
    return sorted(found, key=lambda choice: (order.index(choice.group), choice.key))


def _choice(source: SourceConfig, environment: Mapping[str, str], answered: set[str]) -> Choice:
    off = why_off(source, environment)
    group = GROUPS[source.kind]
    if not source.enabled:
        return Choice(source.key, group, False, off or "")
    if off is None or source.key in answered:
        return Choice(source.key, group, True, "")
    no_key = bool(source.api_key_env) and not is_given(source.api_key_env or "", environment)
    return Choice(source.key, group, not (no_key and GIVEN_KEYS in environment), off)


def chosen_sources(found: Iterable[Choice], ticked: Iterable[str]) -> list[str] | None:
    """The parameter `sources`: empty where everything that can run is ticked, which is what a
    build by itself takes; None where nothing is."""
    wanted = set(ticked)
    if not wanted:
        return None
    return [] if wanted >= {choice.key for choice in found if choice.can_run} else sorted(wanted)
