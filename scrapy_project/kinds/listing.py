"""What the pages of a list have shown so far, and whether that is everybody there is."""

from __future__ import annotations

from scrapy_project.kinds.responses import ListPage
from scrapy_project.storage.crawl_index import CrawlIndex


class Listing:
    """Pages are numbered in the order in which they are added; `parts` are the names of theirs."""

    def __init__(self) -> None:
        self.index = CrawlIndex()
        self.parts: list[str] = []
        self.count = 0  # as advertised last
        self.refused: dict[str, int] = {}  # ids of unreadable records -> the last page with them
        self.excluded: dict[str, int] = {}  # digests of excluded ids -> the last page with them
        self._since = 0  # the first page after the advertised number last fell

    def add(self, part: str, page: ListPage) -> None:
        """Count the records of a page; `part` is the name of the part that keeps it."""
        place = len(self.parts)
        self.parts.append(part)
        if page.count < self.count:
            self._since = place
        self.count = page.count
        self.refused.update(dict.fromkeys(page.refused_ids, place))
        self.excluded.update(dict.fromkeys(page.excluded, place))
        for row in page.rows:
            self.index.add(row, place)

    def live(self) -> int:
        """Distinct ids listed as live, those of unreadable and of excluded records included."""
        return self._live(0)

    def live_together(self) -> int:
        """How many of them were listed while nobody was seen to leave.

        Who was listed before the advertised number fell may be the one who left: in a sum with
        the new number they would stand in for somebody who was missed.
        """
        return self._live(self._since)

    def is_whole(self) -> bool:
        """Whether everybody was listed, so that whoever was not is gone."""
        return self.live_together() >= self.count

    def missing(self) -> int:
        """How many more are advertised than were ever listed."""
        return max(self.count - self.live(), 0)

    def _live(self, since: int) -> int:
        unread = sum(
            place >= since and not self.index.is_live(number)
            for number, place in self.refused.items()
        )
        excluded = sum(place >= since for place in self.excluded.values())
        return self.index.live_count(since) + unread + excluded
