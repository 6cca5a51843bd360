"""What a first build still needs, each with what to do."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.config.settings import Settings
from trainer.config.sources import load_sources
from trainer.embedding.pack import PACK_FILE
from trainer.services.surroundings import GIVEN_KEYS
from trainer.staging.paths import DataDir


def first_steps(settings: Settings, given: Mapping[str, str]) -> list[str]:
    """Return one sentence for each: the model pack, any source's key, the contact."""
    found = []
    pack = settings.model_pack
    if not (DataDir(settings.data_dir).model_pack(pack) / PACK_FILE).exists():
        found.append(
            f"The model pack {pack} is not here; run `trainer models fetch {pack}` (in a "
            "container: `docker exec CONTAINER trainer ...`), which shows its licences first."
        )
    sources = load_sources(settings.data_dir).values()
    names = [source.api_key_env for source in sources if source.enabled and source.api_key_env]
    known = given.get(GIVEN_KEYS, "").split(",")
    if names and not any(given.get(name) or name in known for name in names):
        found.append(
            f"No source has its API key, so builds are paused; set one of {', '.join(names)} and "
            "start again."
        )
    if not settings.contact and not settings.allow_private_hosts:
        found.append(
            "TRAINER_CONTACT is not set; give a URL or an e-mail address of yours, which is sent "
            "with every request, and start again."
        )
    return found
