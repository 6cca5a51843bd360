"""The one file that Airflow's plugin loader runs: registers the Reports tab, the guard and the
listener."""

from __future__ import annotations

from typing import Any

from airflow.plugins_manager import AirflowPlugin
from trainer_airflow import listener
from trainer_airflow.guard import TriggerGuard
from trainer_airflow.turns import ChangesInTurn
from trainer_airflow.views import report_views


class StashSensePlugin(AirflowPlugin):  # type: ignore[misc]
    name = "stash_sense_trainer"
    listeners: list[Any] = [listener]
    external_views: list[dict[str, Any]] = report_views()
    fastapi_root_middlewares: list[dict[str, Any]] = [
        {"middleware": TriggerGuard, "name": "refuse unknown build parameters"},
        {"middleware": ChangesInTurn, "name": "changes in turn on SQLite"},
    ]
