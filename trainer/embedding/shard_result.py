"""The result of one shard: its `_RUN.json`, never an exit code or a log line."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from trainer.errors import StageFailed
from trainer.reasons import reason
from trainer.staging.manifest import StageManifest


def read_shard_result(report_dir: Path, hint: str = "") -> StageManifest:
    """The manifest of a complete shard; raises `StageFailed` saying what is wrong else.

    `hint` is what the program last said, for the message.
    """
    said = f"; it last said: {hint}" if hint else ""
    try:
        manifest = StageManifest.read(report_dir)
    except (ValidationError, ValueError) as error:
        raise StageFailed(
            f"{report_dir}: unreadable embed report: {reason(error)}; run the build again"
        ) from None
    if manifest is None:
        raise StageFailed(
            f"{report_dir}: the embedder left no report{said}; see the log of this step"
        )
    if manifest.stage != "embed":
        raise StageFailed(
            f"{report_dir}: this is the report of a {manifest.stage}, not of embed; "
            "run the build again"
        )
    if manifest.status != "complete":
        raise StageFailed(
            f"{report_dir}: the embedder {manifest.status}: {manifest.reason}{said}; "
            "see the log of this step"
        )
    return manifest
