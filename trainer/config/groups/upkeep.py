"""Settings of what keeps a DATA_DIR well: backups, upkeep, the clock."""

from __future__ import annotations

from pydantic import Field

from trainer.config.groups.base import OptionalPath, SettingsGroup


class UpkeepSettings(SettingsGroup):
    """Backups and upkeep"""

    backup_dir: OptionalPath = Field(
        None,
        description="Folder of the backups, best on another disk; without it `DATA_DIR/backups`: "
        "[recovery](recovery.md)",
    )
    keep_backups: int = Field(4, ge=0, description="Newest backups that are kept there; 0: all")
    max_clock_jump_hours: float = Field(
        24.0,
        gt=0,
        description="Hours by which this machine's clock may be behind the last run, or off from "
        "all servers asked; beyond it the release waits as a candidate, to be approved where the "
        "clock is right",
    )
