"""Programs that kill themselves in mid-work, as a power cut does."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

_PROGRAM = """
import os, signal, sys
from pathlib import Path
from trainer.staging.paths import DataDir
data, left = DataDir(Path(sys.argv[1])), int(sys.argv[2])
def count(event, arguments):
    global left
    if {counted}:
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(count)
{work}
"""
REMOVALS = 'event in ("os.remove", "os.rmdir")'


def killed_in(work: str, root: Path, after: int, counted: str = REMOVALS) -> bool:
    """Run statements, which have `data`, until `after` audit events were `counted`; then it is
    killed. False where it came to its end before."""
    program = _PROGRAM.format(work=work, counted=counted)
    argv = [sys.executable, "-c", program, str(root), str(after)]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert done.returncode in (0, -signal.SIGKILL), done.stderr
    return done.returncode != 0
