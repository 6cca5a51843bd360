"""Settings of the schedule, of Airflow's and the reports' addresses, and of who may act."""

from __future__ import annotations

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, SecretStr

from trainer.config.groups.base import EmptyIsUnset, OptionalPath, SettingsGroup

PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@quarterly", "@yearly")
NEVER = "never"


def _schedule(value: str) -> str:
    from croniter import croniter

    if value in (*PRESETS, NEVER) or (len(value.split()) == 5 and croniter.is_valid(value)):
        return value
    raise ValueError(
        f"expected a cron expression like `0 3 * * 0`, or one of {', '.join((*PRESETS, NEVER))}"
    )


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, OSError, ValueError):
        raise ValueError("expected the name of a time zone, like Europe/Berlin") from None
    return value


class AirflowSettings(SettingsGroup):
    """Schedule, Airflow and the reports"""

    schedule: Annotated[str, AfterValidator(_schedule)] = Field(
        "@weekly",
        description="When a build starts by itself: a cron expression, `@daily`, `@weekly`, "
        "`@monthly`, ..., or `never`",
    )
    timezone: Annotated[str, AfterValidator(_timezone)] = Field(
        "UTC", description="Time zone of the schedule, like `Europe/Berlin`"
    )
    pod_templates: OptionalPath = Field(
        None,
        description="For Airflow's KubernetesExecutor: the folder with the pod template of each "
        "queue (`crawl.yaml`, `gpu.yaml`, `merge.yaml`): [cluster](cluster.md)",
    )
    reports_url: str | None = Field(
        None,
        description="Address of the reports as a browser sees them, or a path on the same host: "
        "where the Report tab in Airflow points to",
    )
    airflow_url: str | None = Field(
        None,
        description="Address of Airflow as a browser sees it: where the reports link back to",
    )
    airflow_api: str | None = Field(
        None,
        description="Address of Airflow's api-server, for New build in the reports and "
        "`trainer status`",
    )
    airflow_user: str | None = Field(None, description="Who starts and stops builds there")
    airflow_password: Annotated[SecretStr | None, EmptyIsUnset] = Field(
        None, description="The password"
    )
    airflow_login: OptionalPath = Field(
        None,
        description="Instead of these three: a JSON file of mode 600 with `url`, `user` and "
        "`password`",
    )
    reports_pictures: bool = Field(
        False,
        description="The page Review may show fetched pictures to an operator, blurred until "
        "clicked",
    )
    reports_role: Literal["viewer", "operator"] | None = Field(
        None,
        description="Who sees the reports: `viewer` (pages that only show) or `operator` (also "
        "decides, excludes, starts builds). Without it: `operator` where they are served to this "
        "machine only (`--server.address 127.0.0.1`), else `viewer`",
    )
