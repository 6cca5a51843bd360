"""What a spider's process may know: its own source's secrets, and nobody else's."""

from __future__ import annotations

from collections.abc import Mapping

from trainer.config.environment import for_trainer
from trainer.config.sources import SourceConfig

# Where the operator's own browsers listen: only for sources that ask through them.
FETCHER_VARIABLES = {"flaresolverr": "FLARESOLVERR_URL", "chrome": "CHROME_CDP_URL"}

BUDGETS = "TRAINER_BUDGETS"


def crawl_environment(
    source: SourceConfig, environment: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The settings, the source's own key, the fetchers that it is asked through and where rate
    limits are shared: no other source's key, nothing of Airflow's, no other secret."""
    asked_through = (source.fetcher, source.fetcher_on_403)
    fetchers = {FETCHER_VARIABLES[name] for name in asked_through if name in FETCHER_VARIABLES}
    return for_trainer(environment, {source.api_key_env or "", BUDGETS, *fetchers})
