"""TRAINER_SCHEDULE and TRAINER_TIMEZONE say when a build starts by itself."""

from __future__ import annotations

import pytest


@pytest.mark.usefixtures("airflow_environment")
@pytest.mark.parametrize(
    ("schedule", "expected"), [("@daily", "0 0 * * *"), ("30 4 * * 6", "30 4 * * 6")]
)
def test_cron_expressions_and_presets_are_timetables_of_the_time_zone(schedule, expected):
    from trainer_airflow.schedule import timetable

    found = timetable(schedule, "Europe/Berlin")
    assert found is not None
    assert (found.expression, str(found.timezone)) == (expected, "Europe/Berlin")


@pytest.mark.usefixtures("airflow_environment")
def test_never_is_no_timetable():
    from trainer_airflow.schedule import timetable

    assert timetable("never", "UTC") is None
