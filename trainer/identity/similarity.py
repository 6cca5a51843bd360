"""How much two records of different sources look like one person: names and facts, added up.

A name and a full birth date are enough where nothing else differs; a year of birth needs more
that agrees. Weights were set so that by chance alike strangers stay under `ENOUGH`:
tests/identity_cases is the set that they were checked with.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import combinations

from trainer.identity.claims import ClaimFacts, spelled
from trainer.identity.evidence_items import ENOUGH, EvidenceItem, EvidenceKind, Records
from trainer.identity.names import names_several, romanised, same_surname, spellings
from trainer.state.store import Claim

FULL_NAME = 0.5  # two and more words
COMMON_NAME = 0.4  # some source has it twenty times and more
ONE_WORD = 0.35
ROMANISED, ONE_WORD_ROMANISED = 0.4, 0.25  # one's name is the other's in Latin letters
ALIAS = 0.5  # one's name is among the other's aliases, and they do not look like siblings
ONE_WORD_ALIAS = 0.2
FURTHER_NAME = 0.1  # each further name in common, at most two
BORN_SAME_DAY = 0.5
BORN_SAME_MONTH = 0.25  # also a first of January, which stands for a year in many records
BORN_SAME_YEAR = 0.15
SAME_COUNTRY, OTHER_COUNTRY = 0.1, -0.15
SAME_HEIGHT, OTHER_HEIGHT = 0.05, -0.2
SAME_EYES, OTHER_EYES = 0.05, -0.1  # not for colours that people tell apart differently
SAME_START, OTHER_START = 0.1, -0.05
OTHER_ETHNICITY = -0.1
FACES_ALIKE = 0.25

_MANY = 20
_LARGEST_BLOCK = 400  # records with one name; more of them are compared by year of birth
_NEAR_EYES = ({"BLUE", "GREY", "GREEN"}, {"GREEN", "HAZEL", "BROWN"})
# Of two records: how alike their faces are, up to 1; below 0 far apart; None where not known.
FaceSimilarity = Callable[[Claim, Claim], float | None]


class Names:
    """The names of all live records by their keys; which are common."""

    def __init__(self, records: Records) -> None:
        self.main: dict[Claim, frozenset[str]] = {}
        self.others: dict[Claim, frozenset[str]] = {}
        self.romanised: dict[Claim, frozenset[str]] = {}  # of names in other scripts only
        self.holders: dict[str, list[Claim]] = defaultdict(list)
        counts: Counter[tuple[str, str]] = Counter()
        for claim, fact in sorted(records.items()):
            if not fact.live:
                continue
            self.main[claim] = spellings(fact.name)
            aliases = [spellings(a) for a in fact.aliases if not names_several(a)]
            self.others[claim] = frozenset().union(*aliases) - self.main[claim]
            counts.update((claim[0], key) for key in self.main[claim])
            keys = self.main[claim] | self.others[claim]
            if latin := romanised(fact.name):
                self.romanised[claim] = latin
                keys |= latin
            for key in sorted(keys):
                self.holders[key].append(claim)
        self.common = {name for (_, name), count in counts.items() if count >= _MANY}

    def in_two_scripts(self, left: Claim, right: Claim) -> frozenset[str]:
        """The keys by which a name is the other one in Latin letters."""
        nothing: frozenset[str] = frozenset()
        latin, others = self.romanised.get(left, nothing), self.romanised.get(right, nothing)
        return latin & self.main[right] | others & self.main[left]


def near_pairs(records: Records) -> Iterator[EvidenceItem]:
    """Pairs of different sources' records whose names and facts are enough, or would be with
    faces that are alike."""
    names = Names(records)
    seen: set[tuple[Claim, Claim]] = set()
    for holders in names.holders.values():
        for left, right in _pairs(holders, records):
            if (left, right) not in seen:
                seen.add((left, right))
                item = _item(records[left], records[right], names)
                if item:
                    yield item


def with_faces(item: EvidenceItem, faces: FaceSimilarity | None) -> EvidenceItem:
    """The evidence for a pair with what its faces add."""
    near = faces(*item.claims) if faces else None
    if near is None or near <= 0:
        return item
    text = f"{item.text}; their faces are alike ({near:.2f})"
    return replace(item, text=text, weight=round(item.weight + FACES_ALIKE * near, 3))


def _pairs(holders: list[Claim], records: Records) -> Iterator[tuple[Claim, Claim]]:
    blocks: dict[str, list[Claim]] = {"": holders}
    if len(holders) > _LARGEST_BLOCK:
        blocks = defaultdict(list)
        for claim in holders:
            blocks[(records[claim].birth_date or "")[:4]].append(claim)
        blocks.pop("", None)  # without a year of birth a common name is no evidence
    for block in blocks.values():
        for left, right in combinations(block, 2):
            if left[0] != right[0]:
                yield left, right


def _item(a: ClaimFacts, b: ClaimFacts, names: Names) -> EvidenceItem | None:
    born, when = _born(a, b)
    if not born:
        return None
    named, kind, called = _named(a, b, names)
    weight = round(named + born + _more(a, b), 3)
    if weight + FACES_ALIKE < ENOUGH:
        return None
    text = f"{spelled(a.claim)} and {spelled(b.claim)} {called} and were born {when}"
    if a.country and a.country == b.country:
        text += f" in {a.country}"
    return EvidenceItem((a.claim, b.claim), kind, text, "", weight)


def _named(a: ClaimFacts, b: ClaimFacts, names: Names) -> tuple[float, EvidenceKind, str]:
    left, right = names.main[a.claim], names.main[b.claim]
    mine, theirs = names.others[a.claim], names.others[b.claim]
    further = FURTHER_NAME * min(2, len(mine & theirs))
    if left & right:
        return _weight(left & right, names) + further, "same_name", f"are both called {a.name!r}"
    if same_surname(a.name, b.name):
        return 0.0, "same_alias", "have a surname in common"
    used = left & theirs | right & mine
    if not used:
        return _named_in_two_scripts(a, b, names, further)
    text = f"are called {a.name!r} and {b.name!r}, which is an alias of one"
    if left & theirs and right & mine:
        text = f"are called {a.name!r} and {b.name!r}, each an alias of the other"
    return _alias_weight(used, names) + further, "same_alias", text


def _named_in_two_scripts(
    a: ClaimFacts, b: ClaimFacts, names: Names, further: float
) -> tuple[float, EvidenceKind, str]:
    """Of two whose names are not spelled alike: one name in two scripts, else a common alias."""
    latin = names.in_two_scripts(a.claim, b.claim)
    if not latin:
        return further, "same_alias", "share an alias"
    weight = ROMANISED if any(" " in key for key in latin) else ONE_WORD_ROMANISED
    text = f"are called {a.name!r} and {b.name!r}, one name in two scripts"
    return weight + further, "same_name", text


def _alias_weight(keys: frozenset[str], names: Names) -> float:
    full = any(" " in key and key not in names.common for key in keys)
    return ALIAS if full else ONE_WORD_ALIAS


def _weight(keys: frozenset[str], names: Names) -> float:
    if not any(" " in key for key in keys):
        return ONE_WORD
    return COMMON_NAME if keys & names.common else FULL_NAME


def _born(a: ClaimFacts, b: ClaimFacts) -> tuple[float, str]:
    """Weight and words of what the birth dates have in common; 0 where they have nothing."""
    left, right = a.birth_date or "", b.birth_date or ""
    shared = _shared_length(left, right)
    if shared == 10 and not left.endswith("-01-01"):
        return BORN_SAME_DAY, left
    if shared >= 7 and left[:7] != left[:4] + "-01":
        return BORN_SAME_MONTH, left[:7]
    return (BORN_SAME_YEAR, left[:4]) if shared else (0.0, "")


def _shared_length(left: str, right: str) -> int:
    """Characters of two dates that agree down to the day (10), month (7) or year (4), else 0."""
    return next(
        (n for n in (10, 7, 4) if len(left) >= n <= len(right) and left[:n] == right[:n]), 0
    )


def _more(a: ClaimFacts, b: ClaimFacts) -> float:
    """What the other facts add or take away."""
    return (
        _compare_countries(a, b)
        + _compare_heights(a, b)
        + _compare_eyes(a, b)
        + _compare_starts(a, b)
        + _compare_ethnicities(a, b)
    )


def _compare_countries(a: ClaimFacts, b: ClaimFacts) -> float:
    if not a.country or not b.country:
        return 0.0
    return SAME_COUNTRY if a.country == b.country else OTHER_COUNTRY


def _compare_heights(a: ClaimFacts, b: ClaimFacts) -> float:
    """Up to 2 cm are one height, and only more than 5 cm are another."""
    if not a.height_cm or not b.height_cm:
        return 0.0
    apart = abs(a.height_cm - b.height_cm)
    return SAME_HEIGHT if apart <= 2 else OTHER_HEIGHT if apart > 5 else 0.0


def _compare_eyes(a: ClaimFacts, b: ClaimFacts) -> float:
    if not a.eye_color or not b.eye_color:
        return 0.0
    near = any({a.eye_color, b.eye_color} <= some for some in _NEAR_EYES)
    return SAME_EYES if a.eye_color == b.eye_color else 0.0 if near else OTHER_EYES


def _compare_starts(a: ClaimFacts, b: ClaimFacts) -> float:
    """Only careers that start more than 4 years apart speak against one person."""
    if not a.career_start_year or not b.career_start_year:
        return 0.0
    apart = abs(a.career_start_year - b.career_start_year)
    return SAME_START if not apart else OTHER_START if apart > 4 else 0.0


def _compare_ethnicities(a: ClaimFacts, b: ClaimFacts) -> float:
    differ = a.ethnicity and b.ethnicity and a.ethnicity != b.ethnicity
    return OTHER_ETHNICITY if differ else 0.0
