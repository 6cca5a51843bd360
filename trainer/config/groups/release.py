"""Settings of what is released and kept."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from trainer.config.groups.base import EmptyIsUnset, OptionalPath, SettingsGroup


class ReleaseSettings(SettingsGroup):
    """Releases"""

    keep_releases: int = Field(
        8,
        ge=0,
        description="Newest releases that publishing keeps, beside pinned ones and the current; "
        "0: all",
    )
    signing_key: OptionalPath = Field(
        None,
        description="File of the private key (`trainer keys new FILE`) that published manifests "
        "are signed with",
    )
    index_storage: Literal["float32", "float8", "e4m3"] = Field(
        "float32",
        description="Numbers of the indexes: `float32`, or a quarter of the size `e4m3` (twice the "
        "time to build) or `float8` (rounds down: every distance grows by about 0.13, so the "
        "sidecar's thresholds reject more)",
    )
    export_for: str = Field(
        "",
        pattern=r"^([a-z0-9_-]+(,[a-z0-9_-]+)*)?$",
        description="Consumers that every new release is exported for, e.g. `sidecar,stashface`; "
        "empty: none. See [consumers](consumers.md)",
    )
    stashface_password: Annotated[SecretStr | None, EmptyIsUnset] = Field(
        None,
        description="Password of `persons.zip` in exports for stashface: the `VISAGE_KEY` of the "
        "server",
    )
    index_minutes: float = Field(
        240.0,
        gt=0,
        description="Minutes an index may take; then no larger M is tried, and the gate sees the "
        "recall that was reached",
    )
    keep_pictures_days: int = Field(
        30,
        ge=0,
        le=36_500,
        description="Days for which a picture is kept once it is embedded, or that nothing asks "
        "for; 0: deleted at the next release",
    )
    keep_history_days: int = Field(
        730,
        ge=0,
        le=36_500,
        description="Days for which the records, plans and results of finished runs, and addresses "
        "of images that are gone, are kept; 0: for good",
    )
    max_clock_jump_hours: float = Field(
        24.0,
        gt=0,
        description="Hours by which this machine's clock may be behind the last run, or off from "
        "all servers asked; beyond it the release waits as a candidate: approve it where the clock "
        "is right",
    )

    @property
    def consumers(self) -> list[str]:
        """The names in `export_for`, each once."""
        return list(dict.fromkeys(name for name in self.export_for.split(",") if name))
