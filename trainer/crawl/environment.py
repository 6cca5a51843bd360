"""What a spider's process may know: its own source's secrets, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trainer.config.sources import SourceConfig

# Where the operator's own browsers listen: only for sources that ask through them.
FETCHER_VARIABLES = {"flaresolverr": "FLARESOLVERR_URL", "chrome": "CHROME_CDP_URL"}
_SECRET_ENDINGS = ("_API_KEY", "_PASSWORD", "_SECRET", "_TOKEN", "_NOTIFY_URLS")


def crawl_environment(
    source: SourceConfig, sources: Iterable[SourceConfig], environment: Mapping[str, str]
) -> dict[str, str]:
    """`environment` without Airflow's variables (its secrets are among them), without the keys of
    the other `sources`, anything else that is named as a secret, and fetchers not asked through."""
    own = {source.api_key_env} | {
        FETCHER_VARIABLES.get(fetcher or "") for fetcher in (source.fetcher, source.fetcher_on_403)
    }
    others = {other.api_key_env for other in sources} | set(FETCHER_VARIABLES.values())
    return {
        name: value
        for name, value in environment.items()
        if name in own
        or not (name in others or "AIRFLOW" in name or name.endswith(_SECRET_ENDINGS))
    }
