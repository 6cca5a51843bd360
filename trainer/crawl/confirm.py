"""Does a page describe the person that it was requested for? Pure rules over what both say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.identity.claims import dates_agree
from trainer.identity.links import identify
from trainer.identity.names import same_name
from trainer.identity.page_names import page_fits
from trainer.state.store import Claim

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Confirmation:
    """`owners` are the (source, source_id) of the records that the page describes, `confirmed_by`
    says why, in words. `doubt` says what speaks against all candidates: then all of them are
    owners, for a person to look at."""

    owners: tuple[tuple[str, str], ...]
    confirmed_by: str | None = None
    doubt: str | None = None


def judge(page: Facts, found_by: str, candidates: Sequence[Facts]) -> Confirmation:
    """Return which of `candidates` a page describes.

    `page`: name, aliases, birth_date, country, links (URLs). `candidates`: TARGETS' structs.
    A page found by a link is of those who link to it whose names fit, unless birth dates
    contradict. A page found by name needs the name and one more fact.
    """
    everybody = _claims(candidates)
    agreeing = [c for c in candidates if dates_agree(page["birth_date"], c["birth_date"])]
    if not agreeing:
        dates = ", ".join(sorted({str(c["birth_date"]) for c in candidates}))
        return Confirmation(everybody, doubt=f"born {page['birth_date']}, looked for was {dates}")
    decide = _by_link if found_by == "url" else _by_name
    return decide(page, agreeing, everybody)


def _claims(candidates: Iterable[Facts]) -> tuple[Claim, ...]:
    return tuple((c["source"], c["source_id"]) for c in candidates)


def _by_name(
    page: Facts, candidates: Sequence[Facts], everybody: tuple[Claim, ...]
) -> Confirmation:
    """Keep the candidates of whom the name and one more fact agree."""
    confirmed = [(c, fact) for c in candidates if (fact := second_fact(page, c))]
    if not confirmed:
        return Confirmation(everybody, doubt="nothing but the name agrees")
    facts = dict.fromkeys(fact for _, fact in confirmed)
    return Confirmation(_claims(c for c, _ in confirmed), confirmed_by="; ".join(facts))


def _by_link(
    page: Facts, candidates: Sequence[Facts], everybody: tuple[Claim, ...]
) -> Confirmation:
    """Keep the candidates whose name is on the page."""
    fitting = [c for c in candidates if page_fits(page, c)]
    if not fitting:
        names = ", ".join(dict.fromkeys(str(c["name"]) for c in candidates))
        doubt = (
            f"the page names {page['name']}, but what links to it is the record of {names}; "
            "check the link"
        )
        return Confirmation(everybody, doubt=doubt)
    return Confirmation(_claims(fitting), confirmed_by=f"name {page['name']}")


def second_fact(page: Facts, candidate: Facts) -> str | None:
    """Return what agrees beside the name, in words; None where nothing does, or the name does
    not."""
    if not _share_a_name(page, candidate):
        return None
    if _same_day(page["birth_date"], candidate["birth_date"]):
        return f"birth date {page['birth_date']}"
    if page["country"] and page["country"] == candidate["country"]:
        return f"country {page['country']}"
    shared = sorted(strong_links(page["links"] or ()) & strong_links(candidate["urls"] or ()))
    return f"link {shared[0]}" if shared else None


def _share_a_name(page: Facts, candidate: Facts) -> bool:
    names = [page["name"], *(page["aliases"] or ())]
    theirs = [candidate["name"], *(candidate["aliases"] or ())]
    return any(same_name(left, right) for left in names for right in theirs)


def strong_links(urls: Collection[str]) -> set[str]:
    """Return `site:id` of the links that name one person."""
    found = (identify(url) for url in urls)
    return {f"{link.site}:{link.id}" for link in found if link.site and link.strong}


def _same_day(left: str | None, right: str | None) -> bool:
    """Do both dates agree in more than the year?"""
    if not left or not right or not dates_agree(left, right):
        return False
    return min(len(left), len(right)) > len("YYYY")
