"""What speaks against records being one person."""

from __future__ import annotations

import re
from collections import defaultdict
from itertools import combinations

from trainer.identity.claims import ClaimFacts, dates_agree, spelled
from trainer.identity.evidence_items import Records
from trainer.identity.groups import Groups
from trainer.identity.links import catalogues
from trainer.identity.similarity import FaceSimilarity
from trainer.state.store import Claim

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_OPPOSITES = frozenset({"FEMALE", "MALE"})


class Profiles:
    """What the records of each group say together."""

    def __init__(
        self, groups: Groups, records: Records, faces: FaceSimilarity | None = None
    ) -> None:
        self._groups = groups
        self._members = groups.members()
        self._records = records
        self._faces = faces
        self._catalogues = catalogues()

    def problem(self, roots: list[Claim]) -> str | None:
        """What speaks against the groups being one person; None where nothing does.

        Records are compared one by one, so that what contradicts also does in a larger group.
        """
        for left, right in combinations(roots, 2):
            if self._groups.apart(left, right) is not None:
                return f"decision {self._groups.apart(left, right)} keeps them apart"
            for a in self._live(left):
                for b in self._live(right):
                    found = (
                        _facts_differ(a, b)
                        or self._entries_differ(a, b)
                        or self._faces_differ(a, b)
                    )
                    if found:
                        return found
            found = self._elsewhere(left, right) or self._elsewhere(right, left)
            if found:
                return found
        return None

    def _live(self, root: Claim) -> list[ClaimFacts]:
        facts = (self._records.get(claim) for claim in self._members[root])
        return [fact for fact in facts if fact is not None and fact.live]

    def _entries_differ(self, a: ClaimFacts, b: ClaimFacts) -> str | None:
        """Two entries in a catalogue that gives a person one; a source is one for its records."""
        if a.claim[0] == b.claim[0]:
            return f"{spelled(a.claim)} and {spelled(b.claim)} are two records of one source"
        mine, theirs = self._entries(a), self._entries(b)
        for space in sorted(mine.keys() & theirs.keys()):
            own = space[0] in (a.claim[0], b.claim[0])  # `_elsewhere` looks at these
            if not own and not mine[space] & theirs[space]:
                ids = f"{min(mine[space])} and {min(theirs[space])}"
                return f"{space[0]} has an entry for each: {ids}"
        return None

    def _faces_differ(self, a: ClaimFacts, b: ClaimFacts) -> str | None:
        near = self._faces(a.claim, b.claim) if self._faces else None
        if near is not None and near < 0:
            return f"the faces of {spelled(a.claim)} and {spelled(b.claim)} are far apart"
        return None

    def _elsewhere(self, left: Claim, right: Claim) -> str | None:
        """A record of `left` that links to a record of `right`'s source, and to none of `right`."""
        own: dict[tuple[str, bool], set[str]] = defaultdict(set)
        for source, number in self._members[right]:
            own[source, _is_uuid(number)].add(number)
        for fact in self._live(left):
            entries = self._entries(fact)
            for space in sorted(entries.keys() & own.keys()):
                if space[0] != fact.claim[0] and not entries[space] & own[space]:
                    return f"{spelled(fact.claim)} links to {space[0]}:{min(entries[space])}"
        return None

    def _entries(self, fact: ClaimFacts) -> dict[tuple[str, bool], set[str]]:
        """Ids by catalogue; a site that has numbers and names of entries counts as two."""
        found: dict[tuple[str, bool], set[str]] = defaultdict(set)
        for link in fact.links:
            if link.site in self._catalogues and link.id:
                found[link.site, _is_uuid(link.id)].add(link.id)
        return found


def _facts_differ(a: ClaimFacts, b: ClaimFacts) -> str | None:
    if not dates_agree(a.birth_date, b.birth_date):
        return f"{spelled(a.claim)} was born {a.birth_date}, {spelled(b.claim)} {b.birth_date}"
    if {a.gender, b.gender} == _OPPOSITES:
        return f"{spelled(a.claim)} is {a.gender}, {spelled(b.claim)} {b.gender}"
    return None


def _is_uuid(text: str) -> bool:
    return _UUID.search(text) is not None
