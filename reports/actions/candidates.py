"""Publish or reject a release that the gate held back.

By `trainer approve` in its own process: publishing takes minutes, and a page that is closed
meanwhile must not interrupt it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from reports.actions.reasons import require_reason
from reports.actions.role import require_operator
from trainer.config.environment import for_trainer
from trainer.config.settings import REPO_ROOT, Settings
from trainer.pipeline.approve import Candidate
from trainer.pipeline.approve import candidates as waiting
from trainer.staging.paths import DataDir

_TRAINER = (sys.executable, "-m", "trainer")


def candidates(settings: Settings) -> list[Candidate]:
    """Newest first. Raises `TrainerError` where one can't be read."""
    return waiting(settings)


def log_of(data: DataDir, run_id: str) -> Path:
    return data.run(run_id).log("decide")


def approve(data: DataDir, run_id: str) -> subprocess.Popen[bytes]:
    """Start publishing the candidate; its log is `log_of`."""
    return _start(data, run_id, "approve")


def reject(data: DataDir, run_id: str, reason: str) -> subprocess.Popen[bytes]:
    """Start rejecting the candidate; its log is `log_of`."""
    return _start(data, run_id, "reject", f"--reason={require_reason(reason)}")


def result(data: DataDir, run_id: str, code: int) -> tuple[bool, str]:
    """Whether it was done, and the last line that the command said."""
    path = log_of(data, run_id)
    lines = path.read_text(errors="replace").strip().splitlines() if path.exists() else []
    return code == 0, lines[-1] if lines else f"the command ended with {code}; see {path}"


def _start(data: DataDir, run_id: str, *arguments: str) -> subprocess.Popen[bytes]:
    require_operator()
    path = log_of(data, run_id)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as log:
        return subprocess.Popen(
            [*_TRAINER, *arguments, "--data-dir", str(data.root), "--", run_id],
            cwd=REPO_ROOT,
            env=for_trainer(secrets=["TRAINER_STASHFACE_PASSWORD"]),  # approving exports
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # goes on when the pages are stopped
        )
