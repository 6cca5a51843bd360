"""What is known of each image before anything is asked: excluded, fetched before, or gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from scrapy_project.image_answers import is_gone
from scrapy_project.image_rows import ImageRows
from trainer.config.jobs import CrawlJob
from trainer.exclusions.entries import Exclusions
from trainer.snapshots.image_ledger import EXCLUDED, ImageLedger
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir
from trainer.staging.rows import AdvertisedImage, ImageRow, PerformerRecord


class LookedUp(NamedTuple):
    """An image of `performer`, at its `position` among hers. `url`: what to ask for, which may be
    a fallback of `image`. `known`: its row, where nothing is to be asked for."""

    performer: PerformerRecord
    position: int
    image: AdvertisedImage
    url: str
    known: ImageRow | None = None


class ImageLookup:
    """Looks images up by URL, each once in a crawl, in what this run and earlier ones know."""

    def __init__(self, job: CrawlJob, exclusions: Exclusions, rows: ImageRows) -> None:
        self._source = job.source
        self._exclusions = exclusions
        self._rows = rows
        self._ledger = ImageLedger(
            DataDir(job.data_dir), job.run_id, parse_iso(job.started_at), job.params.full_refresh
        )
        self._seen: set[str] = set()
        self._fallbacks: dict[str, str] = {}  # URL -> the one to ask where it is gone
        self._referers: dict[str, str] = {}
        self.close = self._ledger.close
        self.referer = self._referers.get

    def look_up(
        self, performers: Iterable[PerformerRecord], known_rows: bool
    ) -> Iterator[LookedUp]:
        """The images of `performers` who are live; with `known_rows`, those that are known get
        their row here and now."""
        for performer in performers:
            if performer["deleted"]:
                continue
            for position, image in enumerate(self._best_versions(performer)):
                found = self._version(image["url"], known_rows)
                if found is not None:
                    yield LookedUp(performer, position, image, *found)

    def unasked_fallback(self, url: str) -> str | None:
        """What to ask for where `url` is gone; None where there is nothing else, or it is known."""
        fallback = self._fallbacks.get(url)
        return None if fallback is None or self._known(fallback) else fallback

    def _best_versions(self, performer: PerformerRecord) -> list[AdvertisedImage]:
        """The performer's images up to the source's cap; fallbacks are noted."""
        best = []
        for image in performer["images"] or []:
            if better := image.get("fallback_for"):
                self._fallbacks[better] = image["url"]
            else:
                best.append(image)
            if self._source.image_referer:
                self._referers[image["url"]] = performer["page_url"]
        return best[: self._source.images_per_page]

    def _version(self, url: str, known_rows: bool) -> tuple[str, ImageRow | None] | None:
        """The URL of the version of an image that stands for it, and its row where it is known.

        None for one that is excluded, or that another performer has as well.
        """
        while not (self._is_excluded(url) or self._is_asked_for(url)):
            self._seen.add(url)
            known = self._known(url)
            if known is None or self._of_another_list(known):
                return url, None
            if known_rows and url not in self._rows.settled:
                self._rows.repeat(known)
            fallback = self._fallbacks.get(url) if is_gone(known) else None
            if fallback is None:
                return url, known
            url = fallback
        return None

    def _known(self, url: str) -> ImageRow | None:
        return self._rows.settled.get(url) or self._ledger.known(url)

    def _is_asked_for(self, url: str) -> bool:
        """Met before in this crawl, and its answer is still to come."""
        return url in self._seen and url not in self._rows.settled

    def _is_excluded(self, url: str) -> bool:
        """By its URL, or known to be an excluded image: it gets no row, and is counted once."""
        if not self._exclusions:
            return False
        known = self._known(url)
        found = self._exclusions.url(url) or (
            known is not None and self._exclusions.image(known["sha256"])
        )
        if found and url not in self._seen:
            self._rows.count_excluded()
            self._seen.add(url)
        return found

    def _of_another_list(self, known: ImageRow) -> bool:
        """Refused by an exclusion list that has changed since?"""
        reason = known["reason"] or ""
        return reason.startswith(EXCLUDED) and reason != self._exclusions.refusal
