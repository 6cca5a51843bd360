"""Figures of the last run, the current release and the disk, in Prometheus' text format.

`metrics/stash_sense.prom` is for node_exporter's textfile collector; it is written whole after each
run. Names, ids and addresses of people are in none of it.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from pathlib import Path

from prometheus_client import CollectorRegistry, Gauge, generate_latest

from trainer.errors import TrainerError
from trainer.reasons import reason
from trainer.release.files import current_id, read_manifest
from trainer.runs.record import RunRecord, SourceStats, list_records
from trainer.staging.atomic import write_bytes
from trainer.staging.clock import parse_iso
from trainer.staging.paths import DataDir

log = logging.getLogger(__name__)

PREFIX = "stash_sense_"
_IMAGES = ("fetched", "known", "refused", "failed")
_GOOD = ("complete", "skipped")


class Metrics:
    """Gauges by name in one registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._gauges: dict[str, Gauge] = {}

    def set(self, name: str, about: str, value: float | None, **labels: str) -> None:
        """Note a value; None is left out."""
        if value is None:
            return
        if name not in self._gauges:
            self._gauges[name] = Gauge(
                f"{PREFIX}{name}", about, sorted(labels), registry=self.registry
            )
        gauge = self._gauges[name]
        (gauge.labels(**labels) if labels else gauge).set(value)


def metrics_file(data: DataDir) -> Path:
    """Return where the text file lies."""
    return data.root / "metrics" / "stash_sense.prom"


def write_metrics(data: DataDir) -> None:
    """Write the text file; a figure that can't be read is left out, and nothing fails for it."""
    try:
        write_bytes(metrics_file(data), metrics_text(data))
    except (OSError, TrainerError, ValueError) as error:
        log.info(f"metrics: not written: {reason(error)}")


def metrics_text(data: DataDir) -> bytes:
    """Return all figures as text."""
    found = Metrics()
    ended = [e.record for e in list_records(data) if e.record and e.record.completed_at]
    if ended:
        _run(found, ended[0])
        for source, stats in sorted(ended[0].stats.by_source.items()):
            _source(found, source, stats)
    _release(found, data)
    _disk(found, data)
    return generate_latest(found.registry)


def _run(found: Metrics, record: RunRecord) -> None:
    started, ended = parse_iso(record.started_at), parse_iso(record.completed_at or "")
    good = record.status in ("completed", "partial")
    found.set("run_success", "1 where the last run published or had nothing to do", float(good))
    found.set("run_waits_for_person", "1 for a candidate", float(record.status == "needs_approval"))
    found.set("run_completed_timestamp_seconds", "End of the last run", ended.timestamp())
    found.set("run_duration_seconds", "Length of it", (ended - started).total_seconds())
    found.set("run_errors", "Errors of it, each occurrence", record.stats.errors)
    for step, done in sorted(record.steps.items()):
        found.set("step_duration_seconds", "Length of each step", done.seconds, step=step)
    _counts(found, "pictures", "Pictures of the snapshots", "outcome", record.embed)
    _counts(found, "quarantined", "Performers kept out", "reason", record.quarantined)
    _counts(found, "reviews", "Items that a person has to look at", "kind", record.reviews)
    for source, rules in sorted(record.funnel.items()):
        for rule, count in sorted(rules.items()):
            about = "Faces by the rule that took or refused them"
            found.set("faces_by_rule", about, count, source=source, rule=rule)
    measured = record.evaluation or {}
    found.set("rank_1", "Rank-1 of the last evaluation, 0 to 1", measured.get("rank_1"))
    found.set("gate_passed", "1 where the gate passed", (record.gate or {}).get("passed"))


def _counts(found: Metrics, name: str, about: str, label: str, counts: Mapping[str, int]) -> None:
    for kind, count in sorted(counts.items()):
        found.set(name, about, count, **{label: kind})


def _source(found: Metrics, source: str, stats: SourceStats) -> None:
    good = float(stats.status in _GOOD)
    found.set("source_success", "1 where its crawl was complete or left out", good, source=source)
    found.set("source_performers", "Performers read", stats.performers, source=source)
    found.set("source_pages", "Pages read", stats.pages, source=source)
    found.set("source_errors", "Errors of its crawl", stats.errors, source=source)
    found.set("source_faces", "Faces selected of it", stats.faces, source=source)
    for outcome in _IMAGES:
        count = getattr(stats, f"images_{outcome}")
        found.set("source_images", "Images of it", count, source=source, outcome=outcome)


def _release(found: Metrics, data: DataDir) -> None:
    try:
        name = current_id(data)
        manifest = read_manifest(data.release(name)) if name else None
    except TrainerError as error:
        log.info(f"metrics: the release is left out: {reason(error)}")
        return
    if name is None or manifest is None:
        return
    made = parse_iso(manifest.created_at).timestamp()
    size = sum(path.stat().st_size for path in data.release(name).rglob("*"))
    found.set("release_created_timestamp_seconds", "When the current release was made", made)
    found.set("release_performers", "Performers in it", manifest.performer_count)
    found.set("release_faces", "Faces in it", manifest.face_count)
    found.set("release_bytes", "Its size", size)


def _disk(found: Metrics, data: DataDir) -> None:
    usage = shutil.disk_usage(data.root)
    found.set("disk_free_bytes", "Free on the disk of DATA_DIR", usage.free)
    found.set("disk_total_bytes", "Size of that disk", usage.total)
