"""`trainer doctor`: everything that a build needs, looked at before it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from trainer.config.environment import environment
from trainer.config.settings import Settings
from trainer.health import disk, machine, object_store, parts
from trainer.health.finding import Finding
from trainer.health.network import network
from trainer.services.given_keys import with_noted_names
from trainer.staging.paths import DataDir


def examine(
    settings: Settings,
    moment: datetime,
    *,
    online: bool = True,
    deep: bool = False,
    reader: bool = False,
) -> Iterator[Finding]:
    """Yield findings in the order of a build's needs. `online`: ask sources, browsers and Airflow;
    `deep`: read and hash every file; `reader`: whoever asks builds nothing, and needs neither to
    write nor to have the keys."""
    data = DataDir(settings.data_dir)
    yield from disk.disk(data, reader=reader)
    yield disk.clock(data, moment, timedelta(hours=settings.max_clock_jump_hours))
    yield from parts.state(data)
    given = environment()
    known = with_noted_names(given, settings.data_dir) if reader else given
    yield from parts.configuration(settings, known)
    yield parts.models(settings)
    yield parts.embedder(settings)
    yield machine.gpu(settings)
    yield from machine.docker(settings)
    yield parts.backups(settings, data)
    if online:
        yield from object_store.object_store(settings, reader=reader)
        yield from network(settings)
    if deep:
        yield from parts.deep(data)
    yield parts.versions()


def headline(findings: list[Finding]) -> str:
    """One sentence over all findings."""
    bad = sum(found.level == "bad" for found in findings)
    warnings = sum(found.level == "warning" for found in findings)
    if bad:
        return f"{bad} things are wrong, and {warnings} to look at"
    return f"nothing is wrong, {warnings} things to look at" if warnings else "all is well"
