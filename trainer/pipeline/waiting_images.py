"""Pictures that a run's crawls have fetched and that nobody has embedded yet."""

from __future__ import annotations

from pathlib import Path

from trainer.exclusions.apply import RecordRows, excluded_claims
from trainer.exclusions.crawl_notes import exclusions_of
from trainer.faces.cache import cached_images
from trainer.pipeline.further_packs import cached_by_all
from trainer.runs.context import RunContext
from trainer.snapshots.current import snapshot_dirs
from trainer.snapshots.store import PERFORMERS_FILE
from trainer.staging.parquet import parts, read_parts
from trainer.staging.schemas import IMAGES
from trainer.state.store import read_identities


class WaitingImages:
    """Reads each part of a crawl once, as soon as it appears."""

    def __init__(self, context: RunContext) -> None:
        self._context = context
        self._read: set[Path] = set()
        self._urls: dict[str, str] = {}  # sha256 -> the URL that it came from
        first = cached_images(context.data.faces(context.plan.pack_id))
        self._tried = cached_by_all(context, first)

    def look(self) -> int:
        """Read the parts that are new; return how many pictures wait."""
        for path in self._new_parts():
            table = read_parts([path], IMAGES, columns=["url", "sha256"])
            for url, sha in zip(
                *(table[name].to_pylist() for name in ("url", "sha256")), strict=True
            ):
                if sha and sha not in self._tried:
                    self._urls[sha] = url
            self._read.add(path)
        return len(self._urls)

    def take(self, most: int) -> list[str]:
        """Take up to `most` of them out, those first that came first; sorted. None of a picture
        that is excluded, or whose bytes are gone."""
        taken = list(self._urls)[:most]
        urls = {sha: self._urls.pop(sha) for sha in taken}
        self._tried.update(taken)
        allowed = self._not_excluded(urls)
        return sorted(sha for sha in allowed if self._context.data.image(sha).exists())

    def _new_parts(self) -> list[Path]:
        staging = self._context.run.root / "staging"
        found = [path for source in staging.glob("*/") for path in parts(source, "images-")]
        return sorted(set(found) - self._read)

    def _not_excluded(self, urls: dict[str, str]) -> list[str]:
        """The keys of `urls` that no entry of the exclusion list reaches, by what is staged."""
        exclusions = exclusions_of(self._context)
        if not exclusions:
            return list(urls)
        rows = RecordRows(self._performers())
        known = read_identities(self._context.data.state_db)
        out = excluded_claims(rows, exclusions, known)
        theirs = {
            image["url"]
            for row in rows
            if (row["source"], row["source_id"]) in out
            for image in row["images"] or ()
        }
        return [
            sha
            for sha, url in urls.items()
            if not (url in theirs or exclusions.url(url) or exclusions.image(sha))
        ]

    def _performers(self) -> list[Path]:
        """Every file with records: of this run's crawls, and of the last snapshots."""
        staging = self._context.run.root / "staging"
        staged = [path for source in staging.glob("*/") for path in parts(source, "performers-")]
        folded = [
            directory / PERFORMERS_FILE for directory in snapshot_dirs(self._context).values()
        ]
        return sorted(staged) + folded
