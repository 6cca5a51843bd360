"""What a crawl remembers of the performers it was shown: one small number per id, no rows.

A hundred thousand rows with their pictures are hundreds of megabytes; the rows are in the staged
parts, and whoever needs one again reads it from there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from trainer.staging.rows import PerformerRecord

_LIVE, _IMAGES = 1, 2
_BITS = 2


class CrawlIndex:
    """Ids with what their newest row said. Needs `source_id`, `deleted`, `merged_ids`, `images`."""

    def __init__(self) -> None:
        self._notes: dict[str, int] = {}
        self.merged: set[str] = set()  # ids that others name as merged into them

    def add(self, row: PerformerRecord, part: int = 0) -> None:
        """`part`: number of the part that the row is in; a later row of the same id counts."""
        note = (0 if row["deleted"] else _LIVE) | (_IMAGES if row["images"] else 0)
        self._notes[row["source_id"]] = note | (part << _BITS)
        self.merged.update(row["merged_ids"] or ())

    def __len__(self) -> int:
        return len(self._notes)

    def __contains__(self, number: str) -> bool:
        return number in self._notes

    def is_live(self, number: str) -> bool:
        """Is the id known, and not deleted?"""
        return bool(self._notes.get(number, 0) & _LIVE)

    def is_newest(self, number: str, part: int) -> bool:
        """Whether the newest row of an id is the one in that part."""
        return self._notes[number] >> _BITS == part

    def live_count(self, since: int = 0) -> int:
        """How many are live by a row of part `since` or of a later one."""
        return sum(bool(note & _LIVE) and note >> _BITS >= since for note in self._notes.values())

    def live(self) -> Iterator[str]:
        """The ids that are not deleted."""
        return (number for number, note in self._notes.items() if note & _LIVE)

    def deleted_count(self) -> int:
        """How many ids are deleted."""
        return sum(not note & _LIVE for note in self._notes.values())

    def with_image(self, number: str) -> bool:
        """Had the newest row of the id an image?"""
        return bool(self._notes.get(number, 0) & _IMAGES)


def expected_live(earlier: CrawlIndex, now: CrawlIndex, known_live: int | None) -> int:
    """How many live performers are held once `now`, an incremental crawl, is folded in."""
    known = known_live if known_live is not None else sum(1 for _ in earlier.live())
    came = sum(not earlier.is_live(number) for number in now.live())
    went = sum(
        (number in now or number in now.merged) and not now.is_live(number)
        for number in earlier.live()
    )
    return known + came - went


def live_and_with_image(indexes: Iterable[CrawlIndex]) -> tuple[int, int]:
    """Live performers, and those of them with a picture; the first that knows an id counts."""
    live = with_image = 0
    before: list[CrawlIndex] = []
    for index in indexes:
        for number in index.live():
            if not any(number in known for known in before):
                live += 1
                with_image += index.with_image(number)
        before.append(index)
    return live, with_image
