"""How a release is exported for each consumer: `trainer export --for NAME`, and the step."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from trainer.config.settings import Settings
from trainer.errors import ConfigError
from trainer.release.consumer import consumer
from trainer.release.export import export
from trainer.release.stashface_export import NAME as STASHFACE
from trainer.release.stashface_export import export_stashface
from trainer.staging.paths import DataDir

Written = tuple[dict[str, Any], list[str]]  # for --json, and for people


def export_for(name: str, directory: Path, data: DataDir, settings: Settings) -> Written:
    """Export a release, or that of a further model pack in it, for the consumer `name`; raises
    `ConfigError` where there is none."""
    found = consumer(name)
    return _EXPORTS[found.name](found.release_in(directory), data, settings)


def check_exports(settings: Settings) -> None:
    """Raise `ConfigError` for an unknown consumer or a missing password: a build asks first."""
    for name in settings.consumers:
        if consumer(name).name == STASHFACE and settings.stashface_password is None:
            raise ConfigError(
                "TRAINER_EXPORT_FOR names stashface, which opens persons.zip with a password; set "
                "TRAINER_STASHFACE_PASSWORD to the VISAGE_KEY of your server"
            )


def _sidecar(directory: Path, data: DataDir, _settings: Settings) -> Written:
    path = export(directory, data.exports)
    return {"path": str(path), "bytes": path.stat().st_size}, [str(path)]


def _stashface(directory: Path, data: DataDir, settings: Settings) -> Written:
    secret = settings.stashface_password
    password = secret.get_secret_value() if secret else None
    found = export_stashface(directory, data.exports, password, settings.index_minutes * 60)
    return found.as_json(), found.lines()


_EXPORTS: dict[str, Callable[[Path, DataDir, Settings], Written]] = {
    "sidecar": _sidecar,
    "stashface": _stashface,
}
