"""verify: does the built release fit the sidecar's contract, whole and unchanged?"""

from __future__ import annotations

import logging
from typing import Any

from trainer.errors import StageFailed
from trainer.release.contract import REPORT_SUMS
from trainer.release.verify import verify, write_report
from trainer.runs.context import RunContext

log = logging.getLogger(__name__)


def run(context: RunContext) -> dict[str, Any]:
    """Verify the built release and write the report beside it; raises `StageFailed` where it does
    not fit the contract."""
    directory = context.built_release
    staged = directory == context.run.release
    if staged:  # a publishing that was killed may have sealed the reports that come now
        (directory / REPORT_SUMS).unlink(missing_ok=True)
    report = verify(directory)
    if staged:
        write_report(directory, report)
    if not report.ok:
        raise StageFailed(
            "the release does not fit the sidecar's contract and was not published; "
            f"see verify.json in {directory}: {'; '.join(report.failures())}"
        )
    log.info(f"verify: {len(report.checks)} checks hold")
    return {"ok": True, "checks": len(report.checks)}
