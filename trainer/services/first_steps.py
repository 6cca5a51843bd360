"""What a first build still needs, each with what to do."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.config.groups.container import ContainerSettings
from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.embedding.pack import PACK_FILE
from trainer.services.given_keys import is_given
from trainer.staging.paths import DataDir


def first_steps(settings: Settings, given: Mapping[str, str]) -> list[str]:
    """Return one sentence for each: the model pack, any source's key, the contact."""
    found = []
    pack = settings.model_pack
    if not has_pack(settings):
        found.append(
            f"The model pack {pack} is not here; run {_command(pack)}, which shows its "
            "licences first."
        )
    sources = load_sources(settings.data_dir).values()
    names = [source.api_key_env for source in sources if source.enabled and source.api_key_env]
    if names and not any(is_given(name, given) for name in names):
        found.append(
            f"No source has its API key, so builds are paused; set one of {', '.join(names)} "
            f"{_start_again()}."
        )
    if not settings.contact and not settings.allow_private_hosts:
        found.append(
            "TRAINER_CONTACT is not set; set it to a URL or an e-mail address of yours, which is "
            f"sent with every request, {_start_again()}."
        )
    return found


def has_pack(settings: Settings) -> bool:
    """Whether the model pack of the settings is in DATA_DIR."""
    return (DataDir(settings.data_dir).model_pack(settings.model_pack) / PACK_FILE).exists()


def _command(pack: str) -> str:
    """In the stack only the scheduler reaches the network and may write the models."""
    command = f"trainer models fetch {pack}"
    if _in_the_stack():
        return f"`docker compose exec scheduler {command}`"
    return f"`{command}` (in a container: `docker exec CONTAINER trainer ...`)"


def _start_again() -> str:
    return "in `.env`, then `docker compose up -d`" if _in_the_stack() else "and start again"


def _in_the_stack() -> bool:
    """Only there Airflow's database is a server."""
    return ContainerSettings.load().postgres_host is not None
