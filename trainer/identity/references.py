"""Reference pages: attached to the one performer that they describe, or shown to a person."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

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
    pages: Iterable[PerformerRecord], performers: Performers, known: KnownIdentities
) -> Attached:
    """Decide page by page; the order of `pages` changes nothing but the order of lists.

    A page goes to the performer whom all its owners belong to, or to the only one whose name it
    has, unless something speaks against it: then it becomes a review item, and nothing of it is
    used.
    """
    result = Attached()
    for page in sorted(pages, key=_claim):
        claim = _claim(page)
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
        result.pages[numbers[0]].append(page)
        result.performer_of[claim] = numbers[0]
        result.evidence[claim] = _evidence(page, owners)
    for number, own in result.pages.items():
        result.pages[number] = _without_quarrels(number, own, result)
    return result


def _without_quarrels(
    number: int, pages: list[PerformerRecord], result: Attached
) -> list[PerformerRecord]:
    """Pages of one performer that disagree about the birth date: one is of somebody else."""
    dated = [page for page in pages if page["birth_date"]]
    if all(dates_agree(a["birth_date"], b["birth_date"]) for a, b in combinations(dated, 2)):
        return pages
    listed = ", ".join(f"{spelled(_claim(p))} {p['birth_date']}" for p in dated)
    for page in dated:
        text = f"the pages of one performer give different birth dates: {listed}"
        result.reviews.append(_review(page, [number], "birth_dates_differ", text))
        del result.performer_of[_claim(page)], result.evidence[_claim(page)]
    return [page for page in pages if not page["birth_date"]]


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
    """Live records that the page belongs to: by their links of today, or as the crawl found it."""
    if page["found_by"] == "url":
        found = performers.linked_by.get(_claim(page), ())
    else:
        found = [_claim(owner) for owner in page["owners"] or ()]
    live = {_claim(record) for owner in found for record in _of(owner, performers)}
    return sorted(owner for owner in set(found) if owner in live)


def _fitting(page: PerformerRecord, numbers: list[int], performers: Performers) -> list[int]:
    """The performers whose name a page has that records of theirs link to."""
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
    """Kind and text of what speaks against attaching; None where nothing does."""
    where = f"{spelled(_claim(page))} ({page['name']})"
    listed = ", ".join(map(spelled, owners))
    if len(numbers) > 1:
        people = ", ".join(f"{n} ({performers.records[n][0]['name']})" for n in numbers)
        return "page_claimed_by_two", f"{where} is linked by {listed}, who are performers {people}"
    number, records = numbers[0], performers.records[numbers[0]]
    before = known.claims.get(_claim(page))
    before = None if before is None else known.current(before)
    came_along = {known.current(known.claims[o]) for o in owners if o in known.claims} == {before}
    if before not in (None, number) and before in performers.records and not came_along:
        name = performers.records[before][0]["name"]
        return "page_moved", (
            f"{where} belonged to performer {before} ({name}), who is still listed; now "
            f"{listed} of performer {number} ({records[0]['name']}) claims it"
        )
    for record in records:
        if not dates_agree(page["birth_date"], record["birth_date"]):
            other = spelled(_claim(record))
            return "birth_dates_differ", (
                f"{where} gives the birth date {page['birth_date']}, "
                f"{other} gives {record['birth_date']}"
            )
    if _fits(page, records) if page["found_by"] == "url" else page["confirmed_by"]:
        return None
    names = ", ".join(sorted({record["name"] for record in records}))
    return "unconfirmed_page", (
        f"{where} was found by {page['found_by']} for {listed} ({names}), and nothing on it "
        "confirms that it is the same person"
    )


def _fits(page: PerformerRecord, records: Sequence[PerformerRecord]) -> bool:
    """A link can be wrong, or of somebody else by now: a name of the performer's has to agree."""
    return any(page_fits(page, record) for record in records)


def _evidence(page: PerformerRecord, owners: list[Claim]) -> str:
    text = f"found by {page['found_by']} of {', '.join(map(spelled, owners))}"
    return f"{text}, confirmed by {page['confirmed_by']}" if page["confirmed_by"] else text
