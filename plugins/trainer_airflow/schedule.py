"""When a build starts by itself."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import CronTriggerTimetable

from trainer.config.groups.airflow import NEVER


def timetable(schedule: str, timezone: str) -> CronTriggerTimetable | None:
    """Return the timetable of a cron expression or preset; None for `never`.

    Switching the DAG on starts no build: there is no start date in the past, and no run of the
    last Sunday. (Left out, or False, `run_immediately` is a tenth of the interval: 17 hours of a
    week.)
    """
    if schedule == NEVER:
        return None
    return CronTriggerTimetable(schedule, timezone=timezone, run_immediately=timedelta(0))
