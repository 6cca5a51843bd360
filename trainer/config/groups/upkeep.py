"""Settings of what keeps a DATA_DIR well: backups and upkeep."""

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
