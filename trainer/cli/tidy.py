"""`trainer tidy`."""

from __future__ import annotations

from dataclasses import asdict

from trainer.cli.common import DataDirOption, JsonOption, show
from trainer.config.settings import Settings
from trainer.staging.clock import now
from trainer.staging.paths import DataDir
from trainer.upkeep.objects import tidy_objects
from trainer.upkeep.tidy import tidy as clean


def tidy(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Delete temporary files, old logs and what nothing needs; say when the disk will be full."""
    settings = Settings.load(data_dir)
    done = clean(DataDir(settings.data_dir), now(), log_days=settings.keep_log_days)
    done.gone |= tidy_objects(settings, now())
    show(asdict(done), as_json, done.lines())
