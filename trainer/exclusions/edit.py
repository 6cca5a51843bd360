"""How people change the exclusion list: input checked and brought into one spelling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from uuid import UUID

from trainer.config.sources import SourceConfig
from trainer.errors import ConfigError
from trainer.exclusions.entries import PHASH, Exclusion, Kind, Member, read_entries
from trainer.exclusions.list_file import bring_in, changing_list
from trainer.exclusions.match import person_text
from trainer.identity.addresses import take_apart
from trainer.identity.links import identify
from trainer.staging.paths import DataDir
from trainer.state.store import read_identities

_SHA256 = re.compile(r"[0-9a-f]{64}")
_PHASH = re.compile(rf"{PHASH}[0-9a-f]{{16}}")
Members = Mapping[int, Iterable[Member]]


def id_values(data: DataDir, sources: Mapping[str, SourceConfig], text: str) -> list[str]:
    """`source:source_id` of an id as given: of a source, universal, or a permanent performer id,
    which stands for all its records. Raises `ConfigError`."""
    if text.isdecimal():
        known = read_identities(data.state_db)
        wanted = known.current(int(text))
        found = [f"{s}:{i}" for (s, i), n in known.claims.items() if known.current(n) == wanted]
        if not found:
            raise ConfigError(
                f"no performer {text} was ever released from {data.root}; give SOURCE:ID"
            )
        return sorted(found)
    place, colon, number = text.strip().partition(":")
    domains = {source.domain: key for key, source in sources.items()}
    key = domains.get(place.casefold(), place.casefold())
    if not colon or not number.strip() or key not in sources:
        raise ConfigError(
            f"{text!r} is no id: give SOURCE:ID, a universal id (stashdb.org:UUID) or a "
            f"performer's number; sources: {', '.join(sorted(sources))}"
        )
    return [f"{key}:{_source_id(number.strip())}"]


def _source_id(number: str) -> str:
    """A UUID in its one spelling; anything else as it is."""
    try:
        return str(UUID(number))
    except ValueError:
        return number


def url_value(text: str) -> str:
    """The canonical URL; raises `ConfigError` for what is none."""
    link = identify(text)
    if link.site and link.id:
        return link.url
    address = take_apart(text)
    if address is None or "." not in address.host:
        raise ConfigError(f"{text!r} is no http(s) address of a page; give the whole address")
    return f"https://{address.host}{address.with_query()}"


def person_value(name: str, born: str) -> str:
    """`name|YYYY-MM-DD`, as `match` reads it; raises `ConfigError`."""
    text, mark = person_text(name)
    try:
        return f"{text}|{date.fromisoformat(born).isoformat()}{mark}"
    except ValueError:
        raise ConfigError(
            f"--born {born!r}: give the whole birth date as YYYY-MM-DD; without it a name alone "
            "would hit others of the same name"
        ) from None


def image_value(text: str) -> str:
    """A sha256 in hex, or `phash:` and 16 hex digits; raises `ConfigError`."""
    value = text.strip().casefold()
    if not (_SHA256.fullmatch(value) or _PHASH.fullmatch(value)):
        raise ConfigError(f"{text!r} is no picture's hash: give a sha256 (64 hex digits) or "
                          f"{PHASH} and 16 hex digits")  # fmt: skip
    return value


def add(data: DataDir, kind: Kind, value: str, reason: str, moment: str) -> tuple[Exclusion, bool]:
    """The exclusion in force, and whether it is new; the first reason stays."""
    if not reason.strip():
        raise ConfigError("--reason is empty: say who asked, and when")
    with changing_list(data) as db:
        done = db.execute(
            "INSERT INTO exclusions (kind, value, reason, added_at) VALUES (?, ?, ?, ?) "
            "ON CONFLICT DO NOTHING",
            (kind, value, reason.strip(), moment),
        )
        new = done.rowcount > 0
    entry = next(e for e in read_entries(data) if (e.kind, e.value) == (kind, value))
    return entry, new


def remember(data: DataDir, members: Members) -> None:
    """Keep what was found to belong to exclusions, by number."""
    rows = [(number, *member) for number, own in members.items() for member in own]
    with changing_list(data) as db:
        db.executemany("INSERT OR IGNORE INTO exclusion_members VALUES (?, ?, ?)", sorted(rows))


def remove(data: DataDir, number: int, moment: str) -> Exclusion:
    """Take an exclusion back; raises `ConfigError` where there is none of that number in force."""
    bring_in(data)
    entry = next((e for e in read_entries(data) if e.number == number), None)
    if entry is None:
        raise ConfigError(f"no exclusion {number} in force; `trainer exclude list` shows them")
    with changing_list(data) as db:
        db.execute("UPDATE exclusions SET removed_at = ? WHERE id = ?", (moment, number))
    return entry
