"""What people confirmed although a build doubted it: a page is a performer's, a face is theirs.

Kept among the decisions on identities, so that they are listed, taken back, and noticed by a build
like all others: a merge of one page, or one face, with one record of the performer. Later builds
keep to it, whatever performer that record is of by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from trainer.config.sources import load_sources
from trainer.errors import ConfigError
from trainer.identity.decide import take_back, write_decision
from trainer.identity.decisions import Decision, read_identity_decisions
from trainer.staging.paths import DataDir
from trainer.state.decisions import deciding
from trainer.state.store import Claim, read_identities

# Sources that no record has, so that no build takes a page or a face for a record.
_PAGE = "page:"
_FACE = "face"


class ConfirmedFace(NamedTuple):
    """A face of a picture, and a record of the performer whose it is."""

    image_sha256: str
    face_no: int
    owner: Claim


def confirmed_pages(decided: Iterable[Decision]) -> dict[Claim, Claim]:
    """Page -> a record of the performer whose it is, by decisions in force."""
    return {
        (source.removeprefix(_PAGE), number): owner
        for (source, number), owner in _confirmed(decided)
        if source.startswith(_PAGE)
    }


def confirmed_faces(decided: Iterable[Decision]) -> list[ConfirmedFace]:
    """Return the faces that people confirmed, by decisions in force."""
    found = []
    for (source, text), owner in _confirmed(decided):
        if source == _FACE:
            image, _, number = text.rpartition(":")
            found.append(ConfirmedFace(image, int(number), owner))
    return found


def confirm_page(data: DataDir, page: Claim, performer: int, reason: str, at: str) -> Decision:
    """Decide that a page is the performer's; raises `ConfigError` for an unknown performer."""
    return _confirm(data, (f"{_PAGE}{page[0]}", page[1]), performer, reason, at)


def confirm_face(
    data: DataDir, image_sha256: str, face_no: int, performer: int, reason: str, at: str
) -> Decision:
    """Decide that a face is the performer's; raises `ConfigError` for an unknown performer."""
    return _confirm(data, (_FACE, f"{image_sha256}:{face_no}"), performer, reason, at)


def _confirmed(decided: Iterable[Decision]) -> Iterator[tuple[Claim, Claim]]:
    for decision in decided:
        subject, owner = (min(side) for side in decision.sides)
        if decision.action == "merge" and (subject[0] == _FACE or subject[0].startswith(_PAGE)):
            yield subject, owner


def _confirm(data: DataDir, subject: Claim, performer: int, reason: str, at: str) -> Decision:
    """Record it; what was confirmed of the same page or face before is taken back."""
    sides = (frozenset({subject}), frozenset({_record_of(data, performer)}))
    before = [d.number for d in read_identity_decisions(data) if d.sides[0] == sides[0]]
    with deciding(data) as db:
        for number in before:
            take_back(db, number, at)
    return write_decision(data, "merge", sides, reason, at)


def _record_of(data: DataDir, performer: int) -> Claim:
    """The first record of a performer, by which later builds know them again; never a page."""
    known, sources = read_identities(data.state_db), load_sources(data.root)
    creators = {key for key, source in sources.items() if source.creates_performers}
    records = [
        claim
        for claim, number in known.claims.items()
        if known.current(number) == performer and claim[0] in creators
    ]
    if not records:
        raise ConfigError(f"no performer {performer}; `trainer identity show NAME` finds people")
    return min(records)
