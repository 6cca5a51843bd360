"""What became of an image that was asked for: judged by its first bytes, kept by sha256."""

from __future__ import annotations

import hashlib

from scrapy.http import Response

from scrapy_project.image_requests import header
from scrapy_project.limits.breaker import challenge
from scrapy_project.storage.image_parts import image_type, no_image, unsupported_type
from trainer.config.jobs import CrawlJob
from trainer.exclusions.entries import Exclusions
from trainer.staging.atomic import write_bytes
from trainer.staging.clock import iso, now
from trainer.staging.paths import DataDir
from trainer.staging.rows import ImageRow

GONE = (404, 410)
_GONE_REASONS = tuple(f"http_{status}" for status in GONE)


class ImageAnswers:
    """Makes the row of each answer of one crawl; the bytes of an image go into DATA_DIR/images."""

    def __init__(self, job: CrawlJob, exclusions: Exclusions) -> None:
        self._job = job
        self._data = DataDir(job.data_dir)
        self._exclusions = exclusions

    def judge(self, url: str, response: Response) -> ImageRow:
        """Return the row of an answer; an image of a format that is read is kept."""
        mark = challenge(response)
        if mark is not None:
            return self.answer_row(url, "failed", f"challenge: a check for robots, by its {mark}")
        if response.status != 200:
            status = "refused" if response.status in GONE else "failed"
            return self.answer_row(url, status, f"http_{response.status}: the server's answer")
        content = response.body
        if unsupported := unsupported_type(content):
            return self.answer_row(url, "refused", unsupported)
        if image_type(content) is None:
            status, reason = no_image(content, header(response, "Content-Type"))
            return self.answer_row(url, status, reason)
        sha256 = hashlib.sha256(content).hexdigest()
        if self._exclusions.image(sha256):
            return self.answer_row(url, "refused", self._exclusions.refusal)
        target = self._data.image(sha256)
        if not target.exists():
            write_bytes(target, content)
        return self.answer_row(url, "fetched", None, sha256=sha256, response=response)

    def answer_row(
        self,
        url: str,
        status: str,
        reason: str | None,
        sha256: str | None = None,
        response: Response | None = None,
    ) -> ImageRow:
        """Return the row of an image that this run asked for."""
        content = response.body if response is not None else b""
        return {
            "url": url,
            "source": self._job.source.key,
            "status": status,
            "sha256": sha256,
            "bytes": len(content) if sha256 else None,
            "content_type": image_type(content),
            "reason": reason,
            "etag": header(response, "ETag"),
            "last_modified": header(response, "Last-Modified"),
            "fetched_at": iso(now()),
            "run_id": self._job.run_id,
        }


def is_gone(row: ImageRow) -> bool:
    """Did the server say that nothing is at this URL, now and for good?"""
    return row["status"] == "refused" and (row["reason"] or "").startswith(_GONE_REASONS)
