"""Is the page of the person that it was asked for? Pure rules over what both say."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trainer.identity.claims import dates_agree
from trainer.identity.links import identify
from trainer.identity.names import same_name
from trainer.identity.page_names import page_fits

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Confirmation:
    """`owners` are the (source, source_id) the page is held to be of, `confirmed_by` says why, in
    words. `doubt` says what speaks against everybody: then all candidates are owners, for a person
    to look at."""

    owners: tuple[tuple[str, str], ...]
    confirmed_by: str | None = None
    doubt: str | None = None


def judge(page: Facts, found_by: str, candidates: Sequence[Facts]) -> Confirmation:
    """`page`: name, aliases, birth_date, country, links (URLs). `candidates`: TARGETS' structs.

    A page found by a link is of those who link to it whose names fit, unless birth dates
    contradict. A page found by name needs the name and one more fact.
    """
    everybody = tuple((c["source"], c["source_id"]) for c in candidates)
    agreeing = [c for c in candidates if dates_agree(page["birth_date"], c["birth_date"])]
    if not agreeing:
        dates = ", ".join(sorted({str(c["birth_date"]) for c in candidates}))
        return Confirmation(everybody, doubt=f"born {page['birth_date']}, looked for was {dates}")
    if found_by == "url":
        return _of_a_link(page, agreeing, everybody)
    confirmed = [(c, fact) for c in agreeing if (fact := second_fact(page, c))]
    if not confirmed:
        return Confirmation(everybody, doubt="nothing but the name agrees")
    owners = tuple((c["source"], c["source_id"]) for c, _ in confirmed)
    return Confirmation(
        owners, confirmed_by="; ".join(dict.fromkeys(fact for _, fact in confirmed))
    )


def _of_a_link(
    page: Facts, candidates: Sequence[Facts], everybody: tuple[tuple[str, str], ...]
) -> Confirmation:
    fitting = [c for c in candidates if page_fits(page, c)]
    if not fitting:
        names = ", ".join(dict.fromkeys(str(c["name"]) for c in candidates))
        doubt = (
            f"the page names {page['name']}, but what links to it is the record of {names}; "
            "check the link"
        )
        return Confirmation(everybody, doubt=doubt)
    owners = tuple((c["source"], c["source_id"]) for c in fitting)
    return Confirmation(owners, confirmed_by=f"name {page['name']}")


def second_fact(page: Facts, candidate: Facts) -> str | None:
    """What beside the name agrees, in words; None where the name itself does not."""
    names = [page["name"], *(page["aliases"] or ())]
    theirs = [candidate["name"], *(candidate["aliases"] or ())]
    if not any(same_name(left, right) for left in names for right in theirs):
        return None
    if _same_day(page["birth_date"], candidate["birth_date"]):
        return f"birth date {page['birth_date']}"
    if page["country"] and page["country"] == candidate["country"]:
        return f"country {page['country']}"
    shared = sorted(strong_links(page["links"] or ()) & strong_links(candidate["urls"] or ()))
    return f"link {shared[0]}" if shared else None


def strong_links(urls: Collection[str]) -> set[str]:
    """`site:id` of the links that name one person."""
    found = (identify(url) for url in urls)
    return {f"{link.site}:{link.id}" for link in found if link.site and link.strong}


def _same_day(left: str | None, right: str | None) -> bool:
    """Do both dates agree in more than the year?"""
    if not left or not right or not dates_agree(left, right):
        return False
    return min(len(left), len(right)) > len("YYYY")
