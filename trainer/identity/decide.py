"""Record the merges and splits that people decide. The next build applies it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from trainer.errors import ConfigError
from trainer.identity.claims import spelled
from trainer.identity.decisions import Action, Decision, Side, as_text, read_identity_decisions
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding
from trainer.state.store import Claim, KnownIdentities, read_identities

_OPPOSITE: dict[Action, Action] = {"merge": "split", "split": "merge"}


def side_of(text: str, known: KnownIdentities) -> Side:
    """The records that `text` names: a performer's id, or `source:source_id` for one record."""
    source, colon, number = text.partition(":")
    if colon:
        if (source, number) not in known.claims:
            raise ConfigError(f"no record {text!r}; `trainer identity show` finds records by name")
        return frozenset({(source, number)})
    if not text.isdigit():
        raise ConfigError(
            f"{text!r} is neither a performer's id nor source:source_id; give one of them"
        )
    return _records_of(known.current(int(text)), known)


def decide_merge(data: DataDir, left: str, right: str, reason: str, at: str) -> Decision:
    """Everything of both performers becomes one person."""
    known = read_identities(data.state_db)
    sides = tuple(_whole(side_of(text, known), known) for text in (left, right))
    if sides[0] & sides[1]:
        raise ConfigError(f"{left} and {right} are one performer already; leave them as they are")
    return write_decision(data, "merge", (sides[0], sides[1]), reason, at)


def decide_split(data: DataDir, records: Iterable[str], reason: str, at: str) -> Decision:
    """`records` leave their performer, and are one person of their own."""
    known = read_identities(data.state_db)
    out = frozenset(claim for text in records for claim in side_of(text, known))
    performers = {known.current(known.claims[claim]) for claim in out}
    if len(performers) != 1:
        raise ConfigError(
            f"these records are of several performers: {sorted(performers)}; name those of one"
        )
    rest = _records_of(performers.pop(), known) - out
    if not rest:
        raise ConfigError("these are all records of the performer; name those that should leave")
    return write_decision(data, "split", (out, rest), reason, at)


def undo(data: DataDir, number: int, at: str) -> Decision | None:
    """Take decision `number` back; where a build has applied it, by the opposite decision.

    Returns that one, or None where none was needed.
    """
    found = {decision.number: decision for decision in read_identity_decisions(data)}.get(number)
    if found is None:
        raise ConfigError(f"no decision {number} in force; see `trainer identity decisions`")
    known = read_identities(data.state_db)
    ids = [{known.current(known.claims[c]) for c in s if c in known.claims} for s in found.sides]
    applied = (ids[0] == ids[1]) == (found.action == "merge")
    with deciding(data) as db:
        take_back(db, number, at)
    if not applied:
        return None
    changed = any(claim in known.former for claim in found.sides[0])  # the id that gave way
    sides = found.sides if changed else (found.sides[1], found.sides[0])
    reason = f"decision {number} was taken back"
    return write_decision(data, _OPPOSITE[found.action], sides, reason, at)


def write_decision(
    data: DataDir, action: Action, sides: tuple[Side, Side], reason: str, at: str
) -> Decision:
    """Record it; decisions in force that say the opposite of these records are taken back."""
    against = [
        old.number
        for old in read_identity_decisions(data)
        if old.action != action and _same_pair(old.sides, sides)
    ]
    with deciding(data) as db:
        for number in against:
            take_back(db, number, at)
        cursor = db.execute(
            "INSERT INTO identity_decisions (action, claims, reason, decided_at) "
            "VALUES (?, ?, ?, ?)",
            (action, as_text(sides), reason, at),
        )
        number = int(cursor.lastrowid or 0)
    return Decision(number, action, sides, reason, at)


def take_back(db: sqlite3.Connection, number: int, at: str) -> None:
    """Mark decision `number` as taken back, within a transaction."""
    db.execute("UPDATE identity_decisions SET undone_at = ? WHERE id = ?", (at, number))


def _same_pair(old: tuple[Side, Side], new: tuple[Side, Side]) -> bool:
    """Is some record of each new side on another side of the old decision?"""
    return any(old[i] & new[0] and old[1 - i] & new[1] for i in (0, 1))


def _whole(side: Side, known: KnownIdentities) -> Side:
    """Everything of the performers that `side` belongs to."""
    numbers = {known.current(known.claims[claim]) for claim in side}
    return frozenset(c for c, number in known.claims.items() if known.current(number) in numbers)


def _records_of(performer: int, known: KnownIdentities) -> Side:
    found: frozenset[Claim] = frozenset(
        claim for claim, number in known.claims.items() if known.current(number) == performer
    )
    if not found:
        raise ConfigError(f"no performer {performer}; `trainer identity show NAME` finds people")
    return found


def spelled_side(side: Side) -> str:
    """The records of a side, for people."""
    return ", ".join(map(spelled, sorted(side)))
