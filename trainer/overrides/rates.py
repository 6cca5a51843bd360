"""Nobody asks a site faster than agreed; a server of the operator's own is another matter."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.config.sources import SourceConfig, shipped_sources, sources_with
from trainer.errors import ConfigError


def agreed_rate(source: SourceConfig) -> int | None:
    """Requests per minute that are agreed for the source's site; None for a server of one's own."""
    shipped = shipped_sources()[source.key]
    own = source.base_url.host != shipped.base_url.host
    return None if own else shipped.requests_per_minute


def keep_agreed_rates(before: Mapping[str, Any], after: Mapping[str, Any], file: Path) -> None:
    """Raises `ConfigError` where `after`, a content of `file`, raises a rate above what is agreed.

    One that was higher in `before`, by hand, may stay. `before` may be no valid configuration.
    """
    for key, source in sources_with(after, file).items():
        rate, agreed = source.requests_per_minute, agreed_rate(source)
        if agreed is not None and rate > max(agreed, _rate_in(before.get(key))):
            raise ConfigError(
                f"{key}.requests_per_minute: {rate} is more than the {agreed} that are agreed for "
                "that site; choose a lower rate"
            )


def _rate_in(override: Any) -> int:
    """What the operator allowed for the site itself; 0 where nothing."""
    if not isinstance(override, Mapping) or "base_url" in override:
        return 0
    rate = override.get("requests_per_minute")
    return rate if isinstance(rate, int) else 0
