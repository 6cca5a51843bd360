"""Write cases.jsonl: `python -m tests.identity_cases.make_cases`. The same seed, the same bytes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any, Final

from tests.identity_cases import CASES, dates, easy, hand, lives, names, shared
from tests.identity_cases.drafts import Maker, written
from trainer.staging.atomic import write_bytes

SEED: Final = 20261123

MAKERS: Final[dict[str, tuple[int, Maker]]] = {
    "name_and_date": (130, easy.name_and_date),
    "linked_record": (75, easy.linked_record),
    "shared_catalogue": (80, easy.shared_catalogue),
    "shared_account": (60, easy.shared_account),
    "namesakes_dates": (125, easy.namesakes_dates),
    "namesakes_facts": (65, easy.namesakes_facts),
    "different_names": (60, easy.different_names),
    "same_year": (20, dates.same_year),
    "same_date": (18, dates.same_date),
    "name_only": (18, dates.name_only),
    "date_typo": (24, dates.date_typo),
    "placeholder": (18, dates.placeholder),
    "crowd": (20, dates.crowd),
    "one_word": (20, names.one_word),
    "name_change": (24, names.name_change),
    "spelling": (26, names.spelling),
    "crossing_aliases": (16, names.crossing_aliases),
    "duo_alias": (16, names.duo_alias),
    "twins": (18, names.twins),
    "recycled_link": (20, shared.recycled_link),
    "company_link": (16, shared.company_link),
    "couple_account": (16, shared.couple_account),
    "wrong_cross_link": (18, shared.wrong_cross_link),
    "merged_upstream": (18, lives.merged_upstream),
    "upstream_duplicate": (18, lives.upstream_duplicate),
    "gender_change": (18, lives.gender_change),
    "later_recycled": (15, lives.later_recycled),
    "later_merged": (15, lives.later_merged),
    "later_linked": (15, lives.later_linked),
    "later_rewritten": (15, lives.later_rewritten),
}


def made() -> Iterator[dict[str, Any]]:
    for category, (count, maker) in MAKERS.items():
        for number in range(1, count + 1):
            # A generator of its own, so that a change of one case leaves the others alone.
            rng = random.Random(f"{SEED}:{category}:{number}")
            yield written(maker(rng), f"{category}-{number:03d}", category, rng)
    yield from hand.cases()


def content() -> bytes:
    """The whole file: one case a line."""
    lines = [json.dumps(case, ensure_ascii=False) + "\n" for case in made()]
    return "".join(lines).encode()


if __name__ == "__main__":
    write_bytes(CASES, content())
