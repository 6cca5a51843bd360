"""The rows of a crawl's images: into its parts, and counted in its report."""

from __future__ import annotations

from scrapy_project.limits.image_health import kind_of
from scrapy_project.storage.image_parts import ImageParts, settled_rows
from scrapy_project.storage.report import CrawlReport
from trainer.config.jobs import CrawlJob
from trainer.snapshots.image_ledger import EXCLUDED
from trainer.staging.paths import DataDir
from trainer.staging.rows import ImageRow


class ImageRows:
    """Rows are appended as they come; `settled` has those of the run's earlier attempts, by URL."""

    def __init__(self, job: CrawlJob, report: CrawlReport) -> None:
        directory = DataDir(job.data_dir).run(job.run_id).staging(job.source.key)
        self.settled = settled_rows(directory)
        self._job = job
        self._report = report
        self._parts = ImageParts(directory, job.source.part_rows)
        self.flush, self.flush_if_old = self._parts.flush, self._parts.flush_if_old

    def count_settled(self) -> None:
        """Count what earlier attempts did: the report is of the whole run, not of the last one."""
        for row in self.settled.values():
            self._count(row)

    def append(self, row: ImageRow) -> None:
        """Keep a row, and count it."""
        self._count(row)
        self._parts.append(row)

    def repeat(self, known: ImageRow) -> None:
        """Append a row for an image that is not fetched again, with who fetched it and when."""
        status = "refused" if known["status"] == "refused" else "known"
        self.append({**known, "source": self._job.source.key, "status": status})

    def count_excluded(self) -> None:
        """Count an image that gets no row."""
        self._report.counts["pictures_excluded"] += 1

    def _count(self, row: ImageRow) -> None:
        """Into the report: what this run did itself, and what it found done by earlier ones."""
        status = row["status"]
        if status == "known" or row["run_id"] != self._job.run_id:
            self._report.counts[f"pictures_{status}_before"] += 1
            return
        if (row["reason"] or "").startswith(EXCLUDED):
            self.count_excluded()
            return
        self._report.counts[f"pictures_{status}"] += 1
        if status != "fetched":
            kind = f"picture_{kind_of(row)}"
            self._report.error(kind, row["url"], row["reason"] or "", field="images.url")
