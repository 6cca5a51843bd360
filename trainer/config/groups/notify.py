"""Settings of the messages that tell a person what needs them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, SecretStr

from trainer.config.groups.base import EmptyIsUnset, SettingsGroup


class NotifySettings(SettingsGroup):
    """Notifications"""

    notify_urls: Annotated[SecretStr | None, EmptyIsUnset] = Field(
        None,
        description="Apprise addresses that messages about builds go to, with spaces between "
        "them: [notifications](notifications.md)",
    )
    notify_disk_gb: float = Field(
        10.0,
        ge=0,
        description="Free gigabytes in DATA_DIR below which a message is sent; 0: never",
    )
