"""Reference pages: attached to the one performer that they describe, or shown to a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from types import MappingProxyType

from trainer.identity.claims import dates_agree, spelled
from trainer.identity.page_names import page_fits
from trainer.identity.reviews import Kind, Review
from trainer.staging.rows import PerformerRecord, RecordId
from trainer.state.store import Claim, KnownIdentities

LinkKey = tuple[str, str]  # (site, id)


@dataclass(frozen=True)
class Performers:
    """What the creators' live records say of every performer."""

    records: Mapping[int, Sequence[PerformerRecord]]
    performer_of: Mapping[Claim, int]
    linked_by: Mapping[LinkKey, Sequence[Claim]]  # live records by the links that they have


@dataclass
class Attached:
    """`pages` by performer, `performer_of` and `evidence` by page; and what was not attached."""

    pages: dict[int, list[PerformerRecord]] = field(default_factory=lambda: defaultdict(list))
    performer_of: dict[Claim, int] = field(default_factory=dict)
    evidence: dict[Claim, str] = field(default_factory=dict)
    reviews: list[Review] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)  # by source: nobody's page
    contested: set[Claim] = field(default_factory=set)  # pages that others link to as well


def attach(
    pages: Iterable[PerformerRecord],
    performers: Performers,
    known: KnownIdentities,
    confirmed: Mapping[Claim, Claim] = MappingProxyType({}),
) -> Attached:
    """Attach each page to a performer, or make it a review item.

    `confirmed`: page -> a record of the performer whose it is, as a person decided.

    A page goes to the performer whom all its owners belong to, or to the only one whose name it
    has, unless something speaks against it: then it becomes a review item, and nothing of it is
    used. The order of `pages` changes nothing but the order of lists.
    """
    result = Attached()
    for page in sorted(pages, key=_claim):
        claim = _claim(page)
        number = performers.performer_of.get(confirmed[claim]) if claim in confirmed else None
        if number is not None and number in performers.records:
            _attach(page, number, "confirmed by a person", result)
            continue
        owners = _owners(page, performers)
        numbers = sorted({performers.performer_of[owner] for owner in owners})
        if not numbers:
            result.dropped[page["source"]] += 1
            continue
        fitting = _fitting(page, numbers, performers)
        if len(fitting) == 1 < len(numbers):
            result.contested.add(claim)
            numbers, owners = fitting, [o for o in owners if performers.performer_of[o] in fitting]
        doubt = _doubt(page, numbers, owners, performers, known)
        if doubt:
            result.reviews.append(_review(page, numbers, *doubt))
            continue
        _attach(page, numbers[0], _evidence(page, owners), result)
    for number, own in result.pages.items():
        result.pages[number] = _without_quarrels(number, own, result, confirmed)
    return result


def _attach(page: PerformerRecord, number: int, evidence: str, result: Attached) -> None:
    result.pages[number].append(page)
    result.performer_of[_claim(page)] = number
    result.evidence[_claim(page)] = evidence


def _without_quarrels(
    number: int,
    pages: list[PerformerRecord],
    result: Attached,
    confirmed: Mapping[Claim, Claim],
) -> list[PerformerRecord]:
    """Return a performer's pages; without the dated ones where their birth dates disagree: one of
    these is somebody else's, so all that nobody confirmed become review items."""
    dated = [page for page in pages if page["birth_date"]]
    if all(dates_agree(a["birth_date"], b["birth_date"]) for a, b in combinations(dated, 2)):
        return pages
    listed = ", ".join(f"{spelled(_claim(p))} {p['birth_date']}" for p in dated)
    doubted = [page for page in dated if _claim(page) not in confirmed]
    for page in doubted:
        text = f"the pages of one performer give different birth dates: {listed}"
        result.reviews.append(_review(page, [number], "birth_dates_differ", text))
        del result.performer_of[_claim(page)], result.evidence[_claim(page)]
    return [page for page in pages if page not in doubted]


def _claim(record: PerformerRecord | RecordId) -> Claim:
    return record["source"], record["source_id"]


def _review(page: PerformerRecord, performers: Sequence[int], kind: Kind, text: str) -> Review:
    return Review(
        kind=kind,
        source=page["source"],
        url=page["page_url"],
        performers=tuple(performers),
        text=text,
    )


def _owners(page: PerformerRecord, performers: Performers) -> list[Claim]:
    """Return the live records that own a page: by today's links, or as the crawl found it."""
    if page["found_by"] == "url":
        found = performers.linked_by.get(_claim(page), ())
    else:
        found = [_claim(owner) for owner in page["owners"] or ()]
    live = {_claim(record) for owner in found for record in _of(owner, performers)}
    return sorted(owner for owner in set(found) if owner in live)


def _fitting(page: PerformerRecord, numbers: list[int], performers: Performers) -> list[int]:
    """Return the performers whose name is on a page that was found by their records' links."""
    if page["found_by"] != "url":
        return []
    return [number for number in numbers if _fits(page, performers.records[number])]


def _of(owner: Claim, performers: Performers) -> Sequence[PerformerRecord]:
    number = performers.performer_of.get(owner)
    return performers.records.get(number, ()) if number is not None else ()


def _doubt(
    page: PerformerRecord,
    numbers: list[int],
    owners: list[Claim],
    performers: Performers,
    known: KnownIdentities,
) -> tuple[Kind, str] | None:
    """Return kind and text of what speaks against attaching; None where nothing does."""
    if len(numbers) > 1:
        return _claimed_by_two(page, numbers, owners, performers)
    number, records = numbers[0], performers.records[numbers[0]]
    return (
        _moved(page, number, owners, performers, known)
        or _birth_dates_differ(page, records)
        or _unconfirmed(page, owners, records)
    )


def _claimed_by_two(
    page: PerformerRecord, numbers: list[int], owners: list[Claim], performers: Performers
) -> tuple[Kind, str]:
    people = ", ".join(f"{n} ({performers.records[n][0]['name']})" for n in numbers)
    return "page_claimed_by_two", (
        f"{_described(page)} is linked by {_list(owners)}, who are performers {people}"
    )


def _moved(
    page: PerformerRecord,
    number: int,
    owners: list[Claim],
    performers: Performers,
    known: KnownIdentities,
) -> tuple[Kind, str] | None:
    """Doubt a page that left a performer who is still listed, unless its owners left with it."""
    if _claim(page) not in known.claims:
        return None
    before = known.current(known.claims[_claim(page)])
    if before == number or before not in performers.records:
        return None
    if {known.current(known.claims[o]) for o in owners if o in known.claims} == {before}:
        return None
    name, name_now = (performers.records[n][0]["name"] for n in (before, number))
    return "page_moved", (
        f"{_described(page)} belonged to performer {before} ({name}), who is still listed; now "
        f"{_list(owners)} of performer {number} ({name_now}) claims it"
    )


def _birth_dates_differ(
    page: PerformerRecord, records: Sequence[PerformerRecord]
) -> tuple[Kind, str] | None:
    for record in records:
        if not dates_agree(page["birth_date"], record["birth_date"]):
            return "birth_dates_differ", (
                f"{_described(page)} gives the birth date {page['birth_date']}, "
                f"{spelled(_claim(record))} gives {record['birth_date']}"
            )
    return None


def _unconfirmed(
    page: PerformerRecord, owners: list[Claim], records: Sequence[PerformerRecord]
) -> tuple[Kind, str] | None:
    """Doubt a page on which nothing confirms the person: no name behind a link, no second fact."""
    if _fits(page, records) if page["found_by"] == "url" else page["confirmed_by"]:
        return None
    names = ", ".join(sorted({record["name"] for record in records}))
    return "unconfirmed_page", (
        f"{_described(page)} was found by {page['found_by']} for {_list(owners)} ({names}), and "
        "nothing on it confirms that it is the same person"
    )


def _described(page: PerformerRecord) -> str:
    return f"{spelled(_claim(page))} ({page['name']})"


def _list(claims: Iterable[Claim]) -> str:
    return ", ".join(map(spelled, claims))


def _fits(page: PerformerRecord, records: Sequence[PerformerRecord]) -> bool:
    """Does a name of the performer's agree? A link can be wrong, or somebody else's by now."""
    return any(page_fits(page, record) for record in records)


def _evidence(page: PerformerRecord, owners: list[Claim]) -> str:
    text = f"found by {page['found_by']} of {_list(owners)}"
    return f"{text}, confirmed by {page['confirmed_by']}" if page["confirmed_by"] else text
