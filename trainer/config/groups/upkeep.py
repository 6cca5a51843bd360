"""Settings of what keeps a DATA_DIR well: backups and upkeep."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from trainer.config.groups.base import EmptyIsUnset, OptionalPath, SettingsGroup


class UpkeepSettings(SettingsGroup):
    """Backups and upkeep"""

    backup_dir: OptionalPath = Field(
        None,
        description="Folder of the backups, best on another disk; without it `DATA_DIR/backups`: "
        "[recovery](recovery.md)",
    )
    keep_log_days: int = Field(
        90,
        ge=1,
        description="Days for which logs, and what Airflow's database knows of tasks, are kept",
    )
    airflow_database: Annotated[SecretStr | None, EmptyIsUnset] = Field(
        None,
        description="Address of Airflow's metadata database, for `airflow db clean` in the DAG "
        "`keep_house`; not needed with SQLite",
    )
    keep_backups: int = Field(4, ge=0, description="Newest backups that are kept there; 0: all")
