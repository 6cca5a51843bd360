"""Operators of the DAGs that keep a DATA_DIR well: backups and upkeep."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowSkipException

from trainer.config.settings import Settings


class BackUpOperator(BaseOperator):  # type: ignore[misc]
    """Writes a backup as the parameters `faces` and `releases` say; returns where, and its size."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Back up beside whatever runs: it takes no lock."""
        from trainer.staging.clock import now
        from trainer.upkeep.backup import back_up

        params = context["params"]
        done = back_up(
            Settings.load(),
            now(),
            faces=bool(params["faces"]),
            releases=bool(params["releases"]),
        )
        for line in done.lines():
            self.log.info(line)
        return {"path": str(done.path), "bytes": done.bytes, "removed": done.removed}


class TidyOperator(BaseOperator):  # type: ignore[misc]
    """Deletes what gathers over months, notes the disk, and writes the figures for Prometheus."""

    def execute(self, context: Any) -> dict[str, Any]:
        """Tidy beside whatever runs: only what nobody has written for a day goes."""
        from trainer.config.environment import environment
        from trainer.staging.clock import now
        from trainer.staging.paths import DataDir
        from trainer.upkeep.metrics import write_metrics
        from trainer.upkeep.objects import tidy_objects
        from trainer.upkeep.tidy import tidy

        settings, home = Settings.load(), environment().get("AIRFLOW_HOME")
        data = DataDir(settings.data_dir)
        done = tidy(
            data,
            now(),
            log_days=settings.keep_log_days,
            airflow_home=Path(home) if home else None,
        )
        done.gone |= tidy_objects(settings, now())
        for line in done.lines():
            self.log.info(line)
        write_metrics(data)
        return {"gone": done.gone, "days_until_full": done.days_until_full}


class CleanDatabaseOperator(BaseOperator):  # type: ignore[misc]
    """`airflow db clean`; skipped where the database's address is not known to tasks."""

    def execute(self, context: Any) -> str:
        """Clean what is older than `TRAINER_KEEP_LOG_DAYS`."""
        from trainer.config.environment import environment
        from trainer.services.airflow_clean import clean_database, database_of
        from trainer.staging.clock import now

        settings, given = Settings.load(), environment()
        known = settings.airflow_database
        database = database_of(given, known.get_secret_value() if known else None)
        if database is None:
            raise AirflowSkipException(
                "tasks do not know Airflow's database; set TRAINER_AIRFLOW_DATABASE, or run "
                "`airflow db clean` where Airflow runs"
            )
        line = clean_database(given, database, now(), settings.keep_log_days)
        self.log.info(line)
        return line
