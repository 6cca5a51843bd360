"""Find performers by what a person has at hand: an id of any kind, a URL, or part of a name."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from sqlite3 import connect

import polars as pl

from trainer.config.sources import SourceConfig
from trainer.errors import ConfigError, DamagedFileError
from trainer.faces.absent import ABSENT_FILE, read_absent
from trainer.identity.links import identify
from trainer.release.contract import DATABASE
from trainer.release.reader import PerformerReader
from trainer.runs.record import list_records
from trainer.staging.paths import DataDir
from trainer.state.store import Claim, KnownIdentities

MOST_FOUND = 20
Sources = Mapping[str, SourceConfig]


def current_reader(data: DataDir) -> PerformerReader | None:
    """Look-ups in the current release, or None before the first."""
    path = data.current / DATABASE
    return PerformerReader(path.resolve()) if path.exists() else None


def find_performers(
    data: DataDir, sources: Sources, known: KnownIdentities, who: str, limit: int = MOST_FOUND
) -> list[int]:
    """Return permanent ids, best match first; raises `ConfigError` where there is nobody.

    `who`: a permanent id, `source:id`, a universal id (`stashdb.org:...`), the URL of a record or
    of any page that the release links to, or a part of a name or an alias.
    """
    who = who.strip()
    found = _by_id(who, sources, known) or _by_url(data, who, known)
    if not found and who:
        found = _by_name(data, who, limit)
    if not found:
        raise ConfigError(
            f"nobody is known as {who!r}; give an id, source:id, a URL or part of a name"
        )
    return list(dict.fromkeys(found))[:limit]


def _by_id(who: str, sources: Sources, known: KnownIdentities) -> list[int]:
    if who.isdecimal():
        number = int(who)
        given = number in known.merges or number in known.claims.values()
        return [known.current(number)] if given else []
    place, _, source_id = who.partition(":")
    keys = {source.domain: key for key, source in sources.items()}
    return _of_claim((keys.get(place.casefold(), place.casefold()), source_id), known)


def _of_claim(claim: Claim, known: KnownIdentities) -> list[int]:
    return [known.current(known.claims[claim])] if claim in known.claims else []


def _by_url(data: DataDir, who: str, known: KnownIdentities) -> list[int]:
    if "://" not in who:
        return []
    link = identify(who)
    if link.site and link.id:
        found = _of_claim((link.site, link.id), known)
        if found:
            return found
    path = data.current / DATABASE
    if not path.exists():
        return []
    uri = f"{path.resolve().as_uri()}?mode=ro"
    with closing(connect(uri, uri=True)) as database:
        rows = database.execute(
            "SELECT performer_id FROM external_urls WHERE (site = ? AND normalized_id = ?) "
            "OR url IN (?, ?) ORDER BY performer_id",
            (link.site, link.id, who, link.url),
        ).fetchall()
    return [int(row[0]) for row in rows]


def _by_name(data: DataDir, who: str, limit: int) -> list[int]:
    """Those of the release first, then those who were resolved and are not in it."""
    reader = current_reader(data)
    listed = [int(row["id"]) for row in reader.search_by_name(who, limit)] if reader else []
    return [*listed, *_absent_by_name(data, who)]


def _absent_by_name(data: DataDir, who: str) -> list[int]:
    for entry in list_records(data):
        if (data.run(entry.run_id).select / ABSENT_FILE).exists():
            try:
                frame = read_absent(data.run(entry.run_id).select)
            except DamagedFileError:
                return []
            assert frame is not None
            name = pl.col("name").str.to_lowercase()
            hits = frame.filter(name.str.contains(who.lower(), literal=True))
            return [int(number) for number in hits["performer_id"]]
    return []
