"""`trainer ...`: everything a person or a cron job does without a browser; one module per noun.

Exit codes: 0 done; 1 the work failed or found a defect; 2 the command line or the configuration
is wrong; 3 a release was built but is kept as a candidate; 4 done, but some source failed.
"""

from __future__ import annotations

import logging
import sqlite3
import sys

import typer

from trainer.cli import (
    backups,
    builds,
    candidates,
    doctor,
    metrics,
    releases,
    repair,
    sources,
    status,
    stop,
    tidy,
)
from trainer.cli.config import config_app
from trainer.cli.deltas import delta_app
from trainer.cli.exclusions import exclude_app
from trainer.cli.identity import identity_app
from trainer.cli.images import images_app
from trainer.cli.keys import keys_app
from trainer.cli.models import models_app
from trainer.cli.notify import notify_app
from trainer.cli.objects import objects_app
from trainer.cli.performers import performers_app
from trainer.cli.reviews import reviews_app
from trainer.cli.runs import runs_app
from trainer.cli.state import state_app
from trainer.cli.stored_commands import keep_decisions
from trainer.errors import ConfigError, TrainerError
from trainer.log_lines import log_plainly
from trainer.reasons import reason

log = logging.getLogger(__name__)

app = typer.Typer(
    name="trainer",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Build, look at and publish face databases for the stash-sense sidecar.",
)


@app.callback()
def progress_on_stderr() -> None:
    """What the commands log while they work; their results alone go to stdout."""
    log_plainly("stderr")


for command in (
    builds.build,
    status.status,
    doctor.doctor,
    metrics.metrics,
    tidy.tidy,
    stop.stop,
    sources.sources,
    sources.assertions,
    releases.versions,
    releases.verify,
    releases.diff,
    releases.export,
    candidates.candidates,
    candidates.approve,
    candidates.reject,
    releases.pin,
    releases.unpin,
    releases.retention,
    releases.rollback,
    repair.repair,
    backups.backup,
    backups.restore,
):
    app.command()(command)
for name, group in {
    "config": config_app,
    "keys": keys_app,
    "delta": delta_app,
    "identity": identity_app,
    "reviews": reviews_app,
    "exclude": exclude_app,
    "models": models_app,
    "notify": notify_app,
    "objects": objects_app,
    "performers": performers_app,
    "pictures": images_app,
    "runs": runs_app,
    "state": state_app,
}.items():
    app.add_typer(group, name=name)
keep_decisions(app)


def main() -> None:
    """Run the command line; errors that people can mend are one line, without a traceback."""
    log_plainly("stderr")
    try:
        app()
    except ConfigError as error:
        log.error(f"trainer: {error}")
        sys.exit(2)
    except TrainerError as error:
        log.error(f"trainer: {error}")
        sys.exit(1)
    except sqlite3.Error as error:
        log.error(f"trainer: a database: {reason(error)}; `trainer repair` looks at all of them")
        sys.exit(1)
    except OSError as error:
        log.error(f"trainer: {reason(error)}; check the path, its permissions and the free space")
        sys.exit(1)


if __name__ == "__main__":
    main()
