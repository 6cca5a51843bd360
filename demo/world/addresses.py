"""Where the world's sites are, and what a trainer must be told to visit them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from demo.world import cast
from demo.world.sites import all_sites

HOST: Final = "127.0.0.1"
FIRST: Final = "stashdb"
RATE: Final = 6000  # requests per minute


def keys_of(api_key: str) -> dict[str, str]:
    """The key that each site with records accepts, made of stashdb's."""
    return {key: api_key if key == FIRST else f"{api_key}-{key}" for key in cast.CREATORS}


def environment_of(keys: Mapping[str, str]) -> dict[str, str]:
    """Return API keys, by site, as the environment variables that the trainer reads."""
    return {f"{key.upper()}_API_KEY": value for key, value in keys.items()}


def base_url(key: str, port: int) -> str:
    """Return a site's URL on loopback; for a stash-box its GraphQL endpoint."""
    return f"http://{HOST}:{port}{'/graphql' if key in cast.BOXES else ''}"


def sources_yaml(ports: Mapping[str, int], **common: Any) -> dict[str, dict[str, Any]]:
    """Overrides that lead every source to a world on these ports, at a rate for loopback."""
    fast = {"enabled": True, "requests_per_minute": RATE, "revisit_days": 0, **common}
    return {key: {"base_url": base_url(key, port), **fast} for key, port in ports.items()}


def all_keys() -> list[str]:
    """Every site of the world."""
    return [*cast.CREATORS, *all_sites()]
