"""`python -m embedder JOB.json`: embed the pictures of one job file.

Exit codes: 0 complete (the outcome is `_RUN.json` in the job's report directory), 1 failed,
2 a job that cannot run as it is, 143 stopped on request. Only 0 leaves a `_RUN.json`.
"""

from __future__ import annotations

import argparse
import logging
import re
import signal
import sys
import threading
from pathlib import Path

from pydantic import ValidationError

from embedder.run import Job, Stopped
from trainer.config.jobs import EmbedJob
from trainer.errors import ConfigError, TrainerError
from trainer.log_lines import log_plainly
from trainer.reasons import in_words, reason
from trainer.staging.atomic import read_json

log = logging.getLogger("embedder")

STOPPED = 143
_SHA256 = re.compile(r"^[0-9a-f]{64}$")
_SHARD = re.compile(r"^[A-Za-z0-9_-]{1,64}$")


def main(arguments: list[str] | None = None) -> int:
    """Run one job; see the module for the exit codes."""
    parser = argparse.ArgumentParser(prog="python -m embedder", description=__doc__)
    parser.add_argument("job", type=Path, help="job.json (trainer.config.jobs.EmbedJob)")
    options = parser.parse_args(arguments)
    log_plainly("stdout")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    try:
        manifest = Job(read_job(options.job), stop.is_set).run()
    except Stopped:
        log.info("stopped on request; the next run goes on from the parts written")
        return STOPPED
    except ConfigError as error:
        sys.stderr.write(f"error: {error}\n")
        return 2
    except TrainerError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    log.info(f"complete: {in_words(manifest.counts)}")
    return 0


def read_job(path: Path) -> EmbedJob:
    """The validated job; raises `ConfigError` naming what is wrong."""
    try:
        job = EmbedJob.model_validate(read_json(path))
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}; start the build again") from None
    except (ValidationError, ValueError) as error:
        raise ConfigError(
            f"{path}: not an embed job: {reason(error)}; start the build again"
        ) from None
    for field, listed in (("images", job.images), ("scene_queries", job.scene_queries)):
        bad = next((name for name in listed if not _SHA256.match(name)), None)
        if bad is not None:
            raise ConfigError(f"{path}: {field}: {bad!r} is no sha256; start the build again")
        if len(set(listed)) != len(listed):
            raise ConfigError(
                f"{path}: {field}: the same picture is listed twice; start the build again"
            )
    if not _SHARD.match(job.shard):
        raise ConfigError(
            f"{path}: shard {job.shard!r} cannot be part of a file name; start the build again"
        )
    return job


if __name__ == "__main__":
    sys.exit(main())
