"""Make a model pack in DATA_DIR out of installed packages, where it is not there yet."""

from __future__ import annotations

import logging
from pathlib import Path

from trainer.config.environment import for_program
from trainer.config.settings import REPO_ROOT, Settings
from trainer.embedding.lock import load_lock
from trainer.embedding.pack import PACK_FILE
from trainer.errors import ConfigError
from trainer.processes.child import run_child
from trainer.staging.paths import DataDir

log = logging.getLogger(__name__)


def ensure_pack(settings: Settings) -> Path:
    """The directory of the configured pack, made first where it can be.

    Raises `ConfigError` that says how to get the pack where it cannot.
    """
    data = DataDir(settings.data_dir)
    directory = data.model_pack(settings.model_pack)
    if (directory / PACK_FILE).exists():
        return directory
    locked = load_lock().get(settings.model_pack)
    if locked is not None and locked.downloaded:
        raise ConfigError(
            f"{directory}: no model pack here; run `trainer models fetch {settings.model_pack}`"
        )
    if not settings.packages_dir.is_dir() or not settings.embedder_python.exists():
        raise ConfigError(
            f"{directory}: no model pack here. `make setup` installs what the pack `demo` is made "
            "of; any other pack's folder is copied there by hand"
        )
    log.info(f"making the model pack {settings.model_pack} in {directory}")
    command = [settings.embedder_python, "-m", "embedder.packs", "make", settings.model_pack]
    log_file = directory.with_name(f"{settings.model_pack}.log")
    code = run_child(
        [str(part) for part in (*command, "--packages", settings.packages_dir, "--out", directory)],
        cwd=REPO_ROOT,
        environment=for_program(),
        log_file=log_file,
        on_line=log.info,
    )
    if code:
        raise ConfigError(
            f"the model pack {settings.model_pack} could not be made from "
            f"{settings.packages_dir} (exit code {code}); see {log_file}"
        )
    return directory
