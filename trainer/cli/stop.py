"""`trainer stop`."""

from __future__ import annotations

from trainer.cli.common import DataDirOption, JsonOption, show
from trainer.config.settings import Settings
from trainer.services.stop_build import stop_build


def stop(data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """End the build that is running; says what is kept and how to go on."""
    said = stop_build(Settings.load(data_dir))
    show({"result": said}, as_json, [said])
