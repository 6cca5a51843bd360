"""What the operator is told of a run: its end, a source that blocks us, a disk that fills up."""

from __future__ import annotations

import logging
import shutil

from trainer.config.settings import Settings
from trainer.notify.send import Message, Mood, addresses, notify
from trainer.reasons import kind_of
from trainer.runs.context import RunContext
from trainer.runs.record import RunRecord, read_record
from trainer.staging.paths import RunDir

log = logging.getLogger(__name__)

_ENDS: dict[str, tuple[str, Mood]] = {
    "completed": ("Build completed", "success"),
    "partial": ("Build completed in part", "warning"),
    "needs_approval": ("A release needs approval", "warning"),
    "failed": ("Build failed", "failure"),
}
MOST_ERRORS = 3
GIGABYTE = 1_000_000_000


def tell_end(context: RunContext) -> None:
    """Say how the run ended; nothing while it goes on."""
    if not addresses(context.settings):
        return
    try:
        message = end_message(read_record(context.run.record))
    except Exception as error:  # a damaged record is the build's own concern, not the message's
        log.warning(f"no notification of run {context.run.run_id}: {kind_of(error)}")
        return
    if message:
        notify(context.settings, message)


def end_message(record: RunRecord) -> Message | None:
    """The message of a run that ended; None of one that goes on, or that a person decided."""
    if record.status not in _ENDS:
        return None
    title, mood = _ENDS[record.status]
    lines = [f"Run {record.id}, started {record.started_at}."]
    if record.version:
        lines.append(f"Published as {record.version}.")
    if changes := record.diff_from_previous:
        lines.append(
            f"{changes.new_performers:,} performers and {changes.new_faces:,} faces are new, "
            f"{changes.removed_performers:,} performers are gone."
        )
    lines += _sources(record) + [error.sentence for error in record.errors[:MOST_ERRORS]]
    if record.status == "needs_approval":
        lines.append(f"`trainer candidates` says why; `trainer approve {record.id}` publishes it.")
    return Message(title, "\n".join(lines), mood)


def _sources(record: RunRecord) -> list[str]:
    """A line per source that was not read completely."""
    ill = ("partial", "failed", "blocked")
    return [
        f"{source}: {stats.status}{f', {stats.reason}' if stats.reason else ''}."
        for source, stats in sorted(record.stats.by_source.items())
        if stats.status in ill
    ]


def tell_blocked(context: RunContext, source: str, reason: str | None) -> None:
    """Say once per run that a source refuses us."""
    if addresses(context.settings) and _is_first(context.run, f"blocked-{source}"):
        body = f"Run {context.run.run_id} goes on without it.\n{reason or 'No reason is known.'}"
        notify(context.settings, Message(f"Source {source} blocks us", body, "warning"))


def tell_disk(context: RunContext) -> None:
    """Say once per run that the disk of DATA_DIR is nearly full."""
    if not addresses(context.settings):
        return
    message = disk_message(context.settings)
    if message and _is_first(context.run, "disk-low"):
        notify(context.settings, message)


def disk_message(settings: Settings) -> Message | None:
    """None while there is room enough, or where nobody can say."""
    try:
        free = shutil.disk_usage(settings.data_dir).free / GIGABYTE
    except OSError:
        return None
    if free >= settings.notify_disk_gb:
        return None
    body = (
        f"{free:.1f} GB are free in {settings.data_dir}; free space there, or lower "
        "TRAINER_KEEP_RELEASES and TRAINER_KEEP_PICTURES_DAYS."
    )
    return Message("The disk is nearly full", body, "warning")


def _is_first(run: RunDir, what: str) -> bool:
    """Whether nobody has told it of this run before; tasks run side by side."""
    marker = run.root / "notified" / what
    try:
        marker.parent.mkdir(parents=True, exist_ok=True)
        marker.open("x").close()
    except FileExistsError:
        return False
    except OSError:  # told too often is better than not at all
        return True
    return True
